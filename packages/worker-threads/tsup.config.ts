import { defineConfig } from "tsup";
import shared, { withCrossing } from "../../tsup.shared.ts";

// Two builds, since only the pool has types to declare; the entry of the threads is plain JavaScript.
export default defineConfig([
  { ...shared, ...withCrossing },
  { ...shared, ...withCrossing, entry: ["src/thread-entry.js"], dts: false, clean: false },
]);
