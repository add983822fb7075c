/** A program of its own, for the tests of what keeps a process alive. */
import { createWorkerPool } from "../../src/index.ts";
import { tasks } from "../modules/references.ts";

const pool = createWorkerPool({ threads: 1 });
void pool
  .task(tasks.wait)(300)
  .then((value) => console.log(value));
