import { testRunner } from "astrum-conformance";
import { createWorkerPool, workerModule } from "../src/index.ts";

testRunner(() => {
  const url = new URL(import.meta.resolve("astrum-conformance/tasks"));
  const tasks = workerModule<typeof import("astrum-conformance/tasks")>(url);
  const pool = createWorkerPool({ threads: 2, cancelGraceMs: 1_000 });
  return { runner: pool.runner({ tasks }), place: /^worker-\d+$/, close: () => pool.close() };
});
