import { defineConfig } from "tsup";
import shared from "../../tsup.shared.ts";

// Two builds, since only the pool has types to declare; the entry of the threads is plain JavaScript.
export default defineConfig([
  { ...shared, clean: true },
  { ...shared, entry: ["src/worker.js"], dts: false, clean: false },
]);
