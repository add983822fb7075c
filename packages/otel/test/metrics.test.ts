import { flow, map, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { type Context, SpanKind, trace } from "@opentelemetry/api";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { describe, expect, it } from "vitest";
import { type MetricOptions, type OtelObserverOptions, otelObserver } from "../src/index.ts";
import { type Point, sdk } from "./sdk.ts";
import { named, traced } from "./traced.ts";

/** `metric{attributes} value`, a line each. */
function lines(points: readonly Point[]): string[] {
  return points
    .map(({ metric, unit, attributes, value }) => {
      const labels = Object.entries(attributes)
        .filter(([key]) => key !== "astrum.flow.name")
        .map(([key, held]) => `${key.replace(/^astrum\./, "")}=${held}`);
      const shown = typeof value === "number" ? value : `${value.count} in ${value.sum}`;
      return `${metric}[${unit}]{${labels.sort()}} ${shown}`;
    })
    .sort();
}

it("A run is measured in seconds and counts; gauges end at nothing; items count and their map does not", async () => {
  const { provider, points } = sdk.startMetrics();
  const clock = new VirtualClock();
  const observers = [otelObserver({ meterProvider: provider })];
  const list = task("list", scripted(clock, { ms: 100, return: [1, 2] }));
  const items = map("items", list, () => clock.wait(250), { key: (item) => `of ${item}` });
  const flaky = task("flaky", scripted(clock, { throw: "no" }, { ms: 500 }), { retry: 1 });
  const bad = task("bad", scripted(clock, { ms: 10, throw: "bad" }), { onFailure: "ignore" });
  const next = task("next", { bad }, () => 1);
  await clock.run(flow("f", { items, flaky, next }).run({ clock, concurrency: 3, observers }));
  await clock.run(
    flow("f", { bad: task("bad", scripted(clock, { throw: new TypeError("x") })) }).run({
      clock,
      observers,
    }),
  );
  const all = await points();
  expect(lines(all)).toEqual([
    "astrum.run.active[{run}]{} 0",
    "astrum.run.duration[s]{error.type=TypeError,run.result=failure} 1 in 0",
    "astrum.run.duration[s]{run.result=success} 1 in 0.5",
    "astrum.task.active[{task}]{task.state=delayed} 0",
    "astrum.task.active[{task}]{task.state=ready} 0",
    "astrum.task.active[{task}]{task.state=running} 0",
    "astrum.task.active[{task}]{task.state=waiting} 0",
    "astrum.task.duration[s]{error.type=Error,task.name=bad,task.result=failure} 1 in 0.01",
    "astrum.task.duration[s]{error.type=TypeError,task.name=bad,task.result=failure} 1 in 0",
    "astrum.task.duration[s]{task.name=flaky,task.result=success} 1 in 0.5",
    "astrum.task.duration[s]{task.name=items,task.result=success} 2 in 0.5",
    "astrum.task.duration[s]{task.name=list,task.result=success} 1 in 0.1",
    "astrum.task.queue.duration[s]{} 6 in 0",
    "astrum.task.retries[{retry}]{error.type=Error,task.name=flaky} 1",
    "astrum.task.tolerated[{task}]{task.name=bad} 1",
  ]);
  expect(new Set(all.map(({ attributes }) => attributes["astrum.flow.name"]))).toEqual(
    new Set(["f"]),
  );
});

it("No metrics are recorded when none are wanted", async () => {
  const { provider, points } = sdk.startMetrics();
  await flow("f", {}).run({
    observers: [otelObserver({ meterProvider: provider, metrics: false })],
  });
  expect(await points()).toEqual([]);
});

/** Runs of a flow, one after the other, and what was measured of them. */
async function measured(
  options: OtelObserverOptions,
  runs: readonly (readonly [flow: string, tasks: Record<string, () => unknown>])[],
): Promise<Point[]> {
  const { provider, points } = sdk.startMetrics();
  const observers = [otelObserver({ ...options, meterProvider: provider })];
  for (const [name, functions] of runs) {
    const tasks = Object.entries(functions).map(([name, run]) => [name, task(name, run)]);
    await flow(name, Object.fromEntries(tasks)).run({ observers, failure: "continue" });
  }
  return points();
}

function valuesOf(points: readonly Point[], attribute: string): unknown[] {
  return [...new Set(points.flatMap(({ attributes }) => attributes[attribute] ?? []))];
}

describe("`error.type` has few values", () => {
  const throwing = (error: unknown) => () => Promise.reject(error);

  it("when errors have names with ids in them: the class stands for them", async () => {
    class UserError extends Error {}
    const of = (Class: new (message: string) => Error, at: number) =>
      Object.assign(new Class("gone"), { name: `User ${at}` });
    const runs = Array.from({ length: 50 }, (_, at) => {
      const tasks = { a: throwing(of(UserError, at)), b: throwing(of(Error, at)) };
      return ["f", tasks] as const;
    });
    const points = await measured({}, runs);
    expect(valuesOf(points, "error.type")).toEqual(["UserError", "Error"]);
  });

  it("when classes are made by the hundred: the rest is `_OTHER`", async () => {
    const runs = Array.from({ length: 150 }, (_, at) => {
      const error = Object.assign(new Error("gone"), { code: `E${at}` });
      return ["f", { a: throwing(error) }] as const;
    });
    const types = valuesOf(await measured({}, runs), "error.type");
    expect(types).toHaveLength(101);
    expect(types).toContain("_OTHER");
  });
});

describe("Names of tasks in metrics are", () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`t${at}`, () => at]));
  const tasks = (points: readonly Point[]) => valuesOf(points, "astrum.task.name");

  it("few: one flow with very many takes no place from another", async () => {
    const points = await measured({}, [
      ["wide", many(300)],
      ["late", { one: () => 1 }],
    ]);
    expect(tasks(points)).toHaveLength(200 + 1 + 1);
    expect(tasks(points)).toEqual(expect.arrayContaining(["t199", "_other", "one"]));
    const durations = points.filter(({ metric }) => metric === "astrum.task.duration");
    const ended = durations.map(({ value }) => (typeof value === "number" ? 0 : value.count));
    expect(ended.reduce((sum, count) => sum + count)).toBe(301);
  });

  it("left out, listed, or made by a function, as is wanted", async () => {
    const of = async (metrics: MetricOptions) =>
      tasks(await measured({ metrics }, [["f", many(3)]]));
    expect(await of({ task: false })).toEqual([]);
    expect(await of({ allow: ["t1"] })).toEqual(["_other", "t1"]);
    expect(await of({ task: ({ stage }) => `stage ${stage}` })).toEqual(["stage 0"]);
    expect(await of({ maxValues: 2 })).toEqual(["t0", "t1", "_other"]);
  });
});

it("A duration is recorded within the span that it is of, for exemplars", async () => {
  const { spans, provider } = await traced();
  const seen: string[] = [];
  const within = (name: string) => ({
    name,
    record: (_: number, __: object, context: Context) =>
      void seen.push(`${name} in ${trace.getSpanContext(context)?.spanId}`),
    add: () => {},
    addCallback: () => {},
  });
  const meter = {
    createHistogram: within,
    createCounter: within,
    createObservableUpDownCounter: within,
  };
  const meterProvider = { getMeter: () => meter } as never;
  const observers = [otelObserver({ meterProvider, tracerProvider: provider })];
  await flow("f", { one: task("one", () => 1) }).run({ observers });
  const received = await spans();
  expect(seen).toEqual([
    `astrum.task.queue.duration in ${named(received, "task one").spanId}`,
    `astrum.task.duration in ${named(received, "task one").spanId}`,
    `astrum.run.duration in ${named(received, "run f").spanId}`,
  ]);
});

describe("The CI/CD conventions, when they are asked for,", () => {
  it("name metrics, attributes and the kind of a run, each as their newest release does", async () => {
    const { spans } = await traced();
    const { provider, points } = sdk.startMetrics();
    const bad = task("bad", () => Promise.reject(new TypeError("bad")));
    const observers = [otelObserver({ meterProvider: provider, semconv: { cicd: true } })];
    await flow("f", { good: task("good", () => 1), bad }).run({ observers, failure: "continue" });
    const received = await spans();
    const all = await points();
    const cicd = all.filter(({ metric }) => metric.startsWith("cicd."));
    expect(
      cicd
        .map(
          ({ metric, unit, attributes }) => `${metric} ${unit} ${Object.keys(attributes).sort()}`,
        )
        .sort(),
    ).toEqual([
      "cicd.pipeline.run.active {run} cicd.pipeline.name,cicd.pipeline.run.state",
      "cicd.pipeline.run.duration s cicd.pipeline.name,cicd.pipeline.result,cicd.pipeline.run.state,error.type",
      "cicd.pipeline.run.errors {error} cicd.pipeline.name,error.type",
    ]);
    expect(named(received, "run f").kind).toBe(SpanKind.SERVER + 1);
    expect(named(received, "task bad").kind).toBe(SpanKind.INTERNAL + 1);
    const known = new Set<unknown>(Object.values(conventions));
    const names = [...received, ...cicd].flatMap(({ attributes }) => Object.keys(attributes));
    for (const name of [...names, ...cicd.map(({ metric }) => metric)]) {
      if (!name.startsWith("astrum.")) expect(known, name).toContain(name);
    }
    for (const attribute of ["cicd.pipeline.result", "cicd.pipeline.task.run.result"]) {
      for (const value of valuesOf([...received, ...cicd] as never, attribute)) {
        expect(known).toContain(value);
      }
    }
  });

  it("have a word of their list for the end of a task, and none where the list has none", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const until = (ms: number) => (_: unknown, context: { readonly signal: AbortSignal }) =>
      clock.wait(ms, context.signal);
    const roots = {
      good: task("good", () => 1),
      skips: task("skips", (_, { skip }) => skip("nothing new")),
      late: task("late", until(100), { timeoutMs: 5 }),
      unwanted: task("unwanted", until(100)),
    };
    const tails = { last: task("last", () => clock.wait(1000)) };
    const observers = [otelObserver({ semconv: { cicd: true } })];
    const run = flow("f", roots, { tails }).start({ clock, observers, failure: "continue" });
    clock.after(1, () => run.cancelTask("unwanted"));
    const report = await clock.run(run.report);
    await clock.run(report.tail);
    const ofTasks = (await spans()).filter(({ name }) => name.startsWith("task "));
    const words = ofTasks.map(({ name, attributes }) => [
      name,
      attributes["cicd.pipeline.task.run.result"],
    ]);
    expect(Object.fromEntries(words)).toEqual({
      "task good": conventions.CICD_PIPELINE_TASK_RUN_RESULT_VALUE_SUCCESS,
      "task skips": conventions.CICD_PIPELINE_TASK_RUN_RESULT_VALUE_SKIP,
      "task late": conventions.CICD_PIPELINE_TASK_RUN_RESULT_VALUE_TIMEOUT,
      "task unwanted": conventions.CICD_PIPELINE_TASK_RUN_RESULT_VALUE_CANCELLATION,
      "task last": undefined,
    });
  });
});
