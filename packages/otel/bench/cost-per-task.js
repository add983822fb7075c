// What observing costs a task: without an SDK, sampled out, recorded, against the same run unobserved. Build first.
import { flow, task } from "@astrum/core";
import { otelObserver } from "@astrum/otel";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";

const TASKS = 2000;
const ROUNDS = 15;

const layers = [];
for (let at = 0; at < TASKS; at++) {
  const inputs = at < 100 ? {} : { before: layers[at - 100] };
  layers.push(task(`t${at}`, inputs, async () => at));
}
const graph = flow("bench", Object.fromEntries(layers.map((one, at) => [`t${at}`, one])));
const nowhere = {
  export: (_, done) => done({ code: 0 }),
  shutdown: async () => {},
  forceFlush: async () => {},
};

function provider(ratio) {
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  const spanProcessors = [new BatchSpanProcessor(nowhere, { maxQueueSize: 100_000 })];
  return new BasicTracerProvider({ sampler, spanProcessors });
}

/** The fastest of the rounds: the machine is never quieter than that. */
async function microsecondsPerTask(observers) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await graph.run({ observers });
    best = Math.min(best, performance.now() - started);
  }
  return (best * 1000) / TASKS;
}

const cases = [
  ["unobserved", undefined, []],
  ["no SDK", undefined, [otelObserver()]],
  ["sampled out", 0, [otelObserver({ metrics: false })]],
  ["recorded, runs only", 1, [otelObserver({ metrics: false, detail: "run" })]],
  ["recorded", 1, [otelObserver({ metrics: false })]],
];
const unobserved = await microsecondsPerTask([]);
console.log(`${TASKS} tasks, best of ${ROUNDS} runs, Node ${process.version}`);
for (const [name, ratio, observers] of cases) {
  const tracing = ratio === undefined ? undefined : provider(ratio);
  if (tracing !== undefined) {
    trace.setGlobalTracerProvider(tracing);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  }
  const cost = await microsecondsPerTask(observers);
  console.log(
    `${name.padEnd(22)} ${cost.toFixed(2).padStart(7)} µs a task  ${(cost - unobserved).toFixed(2).padStart(7)} µs more`,
  );
  await tracing?.shutdown();
  trace.disable();
  context.disable();
}
