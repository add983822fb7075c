/** The task modules of the tests, referred to. */
import { workerModule } from "../../src/index.ts";

export const tasks = workerModule<typeof import("./tasks.js")>(
  new URL("./tasks.js", import.meta.url),
);
export const faults = workerModule<typeof import("./faults.js")>(
  new URL("./faults.js", import.meta.url),
);
