/** A worker process of the tests. Its options come as JSON. */
import { createWorkerPool } from "@astrum/worker-threads";
import { serveWorker, type WorkerOptions } from "../../src/index.ts";

const { threads, ...options } = JSON.parse(process.argv[2] ?? "{}") as WorkerOptions & {
  threads?: number;
};
const pool = threads === undefined ? undefined : createWorkerPool({ threads });
const worker = await serveWorker({
  ...options,
  ...(pool && { threads: pool }),
  log: (entry) => console.log(JSON.stringify(entry)),
});
process.once("SIGTERM", () => {
  void worker.close().then(async (drained) => {
    await pool?.destroy();
    process.exit(drained ? 0 : 1);
  });
});
// When the test is gone, so is its worker.
process.stdin.on("end", () => process.exit(2)).resume();
