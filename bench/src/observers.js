/**
 * What watching costs a task, above the same run unwatched: observers whose hooks do nothing, and the adapters. An observer's
 * cost is held as a multiple of what the graph written by hand takes for a task; an adapter's is told as a multiple of
 * that of the observer with every hook empty.
 */
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import promClient from "prom-client";
import { promiseAll } from "./by-hand.js";
import { kept } from "./engine.js";
import { inTurn, median } from "./measure.js";
import { layered } from "./shapes.js";

const SIZE = 2_000;
const nothing = () => {};

/** @type {readonly [name: string, observer: import("@astrum/core").Observer][]} */
const EMPTY = [
  ["run.end only", { name: "end", run: () => ({ end: nothing }) }],
  ["status only", { name: "status", run: () => ({ status: nothing }) }],
  [
    "every hook, all empty",
    {
      name: "empty",
      run: () => ({
        status: nothing,
        end: nothing,
        task: () => ({
          end: nothing,
          attempt: () => ({ progress: nothing, inject: nothing, end: nothing }),
        }),
      }),
    },
  ],
];

/** @type {import("./figures.js").Section} */
export async function observers(library, brief) {
  const { core } = library;
  const shape = layered(SIZE);
  const run = kept(core, shape);
  const rounds = brief ? 7 : 21;
  /** @type {import("./figures.js").Figure[]} */
  const figures = [];
  const watched = EMPTY.map(([name, observer]) => [name, () => run({ observers: [observer] })]);
  const { times } = await inTurn(
    { byHand: promiseAll(shape), bare: () => run(), ...Object.fromEntries(watched) },
    rounds,
    10,
  );
  const byHand = times("byHand");
  const bare = times("bare");
  let empty = Number.NaN;
  for (const [name] of EMPTY) {
    const above = times(name).map((time, round) => time - /** @type {number} */ (bare[round]));
    const each = (median(above) * 1000) / SIZE;
    if (name.startsWith("every")) empty = each;
    figures.push({ row: "observer, a task above bare", of: name, value: each, unit: "µs" });
    figures.push({
      row: `observer above bare, ${name}, against by hand`,
      value: median(above.map((time, round) => time / /** @type {number} */ (byHand[round]))),
      unit: "×",
    });
  }
  for (const [of, observe] of adapters(library)) {
    const each = await adapter(run, observe, brief ? 3 : 7);
    figures.push({ row: "adapter, a task above bare", of, value: each, unit: "µs" });
    const row = `${of}, against the observer with every hook empty`;
    figures.push({ row, value: each / empty, unit: "×" });
  }
  return figures;
}

/** @typedef {{ observer: import("@astrum/core").Observer, end?: () => Promise<void> }} Watching */

/**
 * @param {ReturnType<typeof kept>} run
 * @param {() => Watching} observe
 * @param {number} rounds
 */
async function adapter(run, observe, rounds) {
  const { observer, end } = observe();
  const { times } = await inTurn(
    { bare: () => run(), watched: () => run({ observers: [observer] }) },
    rounds,
    10,
  );
  await end?.();
  const bare = times("bare");
  const above = times("watched").map((time, round) => time - /** @type {number} */ (bare[round]));
  return (median(above) * 1000) / SIZE;
}

/**
 * @param {import("./library.js").Library} library
 * @returns {readonly [name: string, observe: () => Watching][]}
 */
function adapters({ otel, prometheus }) {
  const { otelObserver } = otel;
  return [
    ["tracing, sampled out", () => traced(0, otelObserver({ metrics: false }))],
    ["tracing, recorded", () => traced(1, otelObserver({ metrics: false }))],
    ["metrics of OpenTelemetry", () => measured(otelObserver)],
    [
      "Prometheus",
      () => {
        const registry = new promClient.Registry();
        return {
          observer: prometheus.prometheusObserver({
            client: promClient,
            registry,
            labels: { task: false },
          }),
        };
      },
    ],
  ];
}

/**
 * @param {number} ratio Of traces that are recorded.
 * @param {import("@astrum/core").Observer} observer
 * @returns {Watching}
 */
function traced(ratio, observer) {
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  /** @type {import("@opentelemetry/sdk-trace-base").SpanExporter} */
  const nowhere = {
    export: (_, done) => done({ code: 0 }),
    shutdown: async () => {},
    forceFlush: async () => {},
  };
  const spanProcessors = [new BatchSpanProcessor(nowhere, { maxQueueSize: 100_000 })];
  const provider = new BasicTracerProvider({ sampler, spanProcessors });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return {
    observer,
    end: async () => {
      await provider.shutdown();
      trace.disable();
      context.disable();
    },
  };
}

/**
 * Without a span, and collected when it is over.
 *
 * @param {import("./library.js").Library["otel"]["otelObserver"]} otelObserver
 * @returns {Watching}
 */
function measured(otelObserver) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const observer = otelObserver({
    meterProvider,
    metrics: { task: false },
    shouldTrace: () => false,
  });
  return {
    observer,
    end: async () => {
      await meterProvider.forceFlush();
      if (exporter.getMetrics().length === 0) throw new Error("Nothing was measured");
      await meterProvider.shutdown();
    },
  };
}
