/** A worker process of the tests. Its options come as JSON. */
import { otelActivator } from "@astrum/otel";
import { createWorkerPool } from "@astrum/worker-threads";
import { serveWorker, type WorkerOptions } from "../../src/index.ts";
import { startTracing } from "./tracing.ts";

const { threads, traced, ...options } = JSON.parse(process.argv[2] ?? "{}") as WorkerOptions & {
  threads?: number;
  /** With an SDK of OpenTelemetry, whose spans are told like the log. */
  traced?: boolean;
};
const pool = threads === undefined ? undefined : createWorkerPool({ threads });
if (traced) startTracing((span) => console.log(JSON.stringify({ event: "span", ...span })));
const worker = await serveWorker({
  ...options,
  ...(pool && { threads: pool }),
  ...(traced && { activators: [otelActivator()] }),
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
