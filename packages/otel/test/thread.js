// The far side: a thread with an SDK of its own that carries out tasks, as a pool does.
import { parentPort, workerData } from "node:worker_threads";
import { propagation, trace } from "@opentelemetry/api";

const { default: activator } = await import(workerData.activator);
const { sdk } = await import(workerData.sdk);

sdk.startTracing(workerData);
parentPort.on("message", ({ carrier, task }) => {
  activator.activate(carrier, { task, attempt: 1 }, async () => {
    const tracer = trace.getTracer("user");
    const tenant = propagation.getActiveBaggage()?.getEntry("tenant")?.value;
    await tracer.startActiveSpan(`work of ${task}`, async (span) => {
      await null;
      tracer.startSpan("inner work").end();
      span.end();
    });
    await activator.flush(new AbortController().signal);
    parentPort.postMessage({ tenant });
  });
});
