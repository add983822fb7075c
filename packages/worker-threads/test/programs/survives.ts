/** A program of its own, for the tests of what keeps a process alive. */
import { createWorkerPool } from "../../src/index.ts";
import { faults } from "../modules/references.ts";

const pool = createWorkerPool({ threads: 1 });
await pool
  .task(faults.loopForever)({}, { signal: AbortSignal.timeout(100) })
  .catch(() => process.stdout.write("enough "));
await pool
  .task(faults.exit)(1)
  .catch((error: Error) => process.stdout.write(`${error.name} `));
const left = pool
  .task(faults.never)()
  .catch(() => {});
await pool.destroy();
await left;
console.log("destroyed");
