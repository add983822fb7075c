/** A program of its own, for the tests of what keeps a process alive. */
import { createWorkerPool } from "../../src/index.ts";
import { tasks } from "../modules/references.ts";

const pool = createWorkerPool({
  threads: 2,
  minThreads: 1,
  idleTimeoutMs: Number.POSITIVE_INFINITY,
});
console.log(await pool.task(tasks.double)(21));
