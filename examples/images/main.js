/**
 * Makes small JPEGs of all images in a folder, on as many threads as there are cores. The spans that a thread makes lie
 * below the one of its image, in the trace of the run. An image that cannot be read, or takes too long, fails alone.
 *
 *     node --import ./tracing.js main.js photos thumbs
 */
import { mkdir, readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { flow, map, summarizeError, task } from "@astrum/core";
import { createWorkerPool, workerModule } from "@astrum/worker-threads";

const [from = "photos", to = "thumbs"] = process.argv.slice(2);
const threads = availableParallelism();
const pool = createWorkerPool({
  threads,
  // Each thread has an OpenTelemetry of its own, and is told in which span it works.
  preload: [new URL("./tracing.js", import.meta.url)],
  activators: [import.meta.resolve("@astrum/otel/worker")],
});
/** @type {import("@astrum/worker-threads").WorkerModule<typeof import("./image.worker.js")>} */
const image = workerModule(new URL("./image.worker.js", import.meta.url));

const photos = task("photos", async () => {
  await mkdir(to, { recursive: true });
  const names = (await readdir(from)).sort();
  return names.map((name) => ({ from: join(from, name), to: join(to, `${name}.jpg`), size: 320 }));
});
// What `pool.task()` made, and no function around it: so the run sees that it leaves for a thread, and gives it the trace.
const thumbs = map("thumbs", photos, pool.task(image.shrink, { timeoutMs: 60_000 }), {
  items: "settled",
  key: (photo) => photo.from,
  concurrency: threads,
});

const report = await flow("images", { photos, thumbs }).run({ runner: pool.runner() });
await pool.close(); // Waits until the threads have exported their spans.

const outputs = report.unwrap();
const failed = outputs.thumbs.flatMap((outcome, at) =>
  outcome.status === "failed"
    ? [`${outputs.photos[at]?.from}: ${summarizeError(outcome.error)}`]
    : [],
);
console.log(`${outputs.thumbs.length - failed.length} made, ${failed.length} failed`);
for (const line of failed) console.log(`  ${line}`);
if (failed.length > 0) process.exitCode = 1;
