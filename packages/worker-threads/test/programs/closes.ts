/** A program of its own, for the tests of what keeps a process alive. */
import { createWorkerPool } from "../../src/index.ts";
import { tasks } from "../modules/references.ts";

{
  await using pool = createWorkerPool({ threads: 2, minThreads: 2 });
  process.stdout.write(String(await pool.task(tasks.double)(21)));
}
console.log(" closed");
