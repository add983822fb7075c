import { defineConfig } from "vitest/config";
import shared, { counted } from "./vitest.shared.ts";

/** The suites that read what we write with the program it is meant for: they need .ci/system-packages. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ["test/consumers/**/*.test.ts"],
    exclude: ["test/**/fixtures/**"],
    // They start many processes, which takes minutes where the machine does much else.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // They load browsers and servers: each file with a process of its own.
    isolate: true,
    setupFiles: [],
    reporters: counted("consumers"),
  },
});
