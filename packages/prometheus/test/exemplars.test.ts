import { AsyncLocalStorage } from "node:async_hooks";
import { flow, type Observer, task } from "@astrum/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ExemplarSource, prometheusObserver } from "../src/index.ts";
import { CLIENTS, OPEN_METRICS, type TestClient } from "./clients.ts";

const warnings = vi.fn();
beforeEach(() => {
  vi.spyOn(process, "emitWarning").mockImplementation(warnings);
});
afterEach(() => {
  vi.restoreAllMocks();
  warnings.mockClear();
});

/** Makes a trace for each attempt, as an observer that traces does. */
const active = new AsyncLocalStorage<{ traceId: string; spanId: string; traceFlags: number }>();
function tracing(traceFlags = 1): Observer {
  return {
    name: "tracing",
    run: () => ({
      task: ({ task }) => ({
        attempt: ({ attempt }) => ({
          around(proceed) {
            const traceId = `trace-of-${task.name}`;
            active.run({ traceId, spanId: `attempt-${attempt.number}`, traceFlags }, proceed);
          },
        }),
      }),
    }),
  };
}

async function written(
  client: TestClient,
  exemplars: ExemplarSource,
  { contentType = OPEN_METRICS, traceFlags = 1 } = {},
): Promise<string[]> {
  const registry = new client.Registry(contentType);
  const observer = prometheusObserver({ client, registry, exemplars });
  let calls = 0;
  const load = task(
    "load",
    {},
    async () => {
      if (calls++ === 0) throw new Error("once");
    },
    { retry: 1 },
  );
  const report = await flow("daily", { load }).run({ observers: [tracing(traceFlags), observer] });
  expect(report.observerErrors).toEqual([]);
  expect(report.executionState).toBe("completed");
  return (await registry.metrics()).split("\n");
}

describe.each(CLIENTS)("exemplars, with %s", (_, client) => {
  test("that are never there, as when the observers are in the wrong order, are a warning, once", async () => {
    const registry = new client.Registry(OPEN_METRICS);
    const exemplars = () => active.getStore();
    const observer = prometheusObserver({ client, registry, exemplars });
    const one = flow("daily", { one: task("one", {}, () => 1) });
    await one.run({ observers: [observer, tracing()] });
    await one.run({ observers: [observer, tracing()] });
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls[0]?.[0]).toContain("the observer that traces before this one");
  });

  test("that are sampled out are none, and no warning", async () => {
    const lines = await written(client, () => active.getStore(), { traceFlags: 0 });
    expect(lines.filter((line) => line.includes(" # {"))).toEqual([]);
    expect(warnings).not.toHaveBeenCalled();
  });

  test("lead from a count to the attempt's trace, from a duration to the last attempt's", async () => {
    const lines = (await written(client, () => active.getStore())).filter((line) =>
      line.includes(" # {"),
    );
    const found = lines.map((line) =>
      line.replace(/ # \{(.*)\} .*/, " # $1").replace(/le="[^"]*"/, "le"),
    );
    const trace = (span: number): string => `trace_id="trace-of-load",span_id="attempt-${span}"`;
    expect(found.map((line) => line.replace(/\{.*?\} \S+/, "")).sort()).toEqual([
      `astrum_run_duration_seconds_bucket # ${trace(1)}`,
      `astrum_task_attempts_total # ${trace(1)}`,
      `astrum_task_attempts_total # ${trace(2)}`,
      `astrum_task_duration_seconds_bucket # ${trace(2)}`,
    ]);
  });

  test("are left out of a classic registry, and where the trace was not sampled", async () => {
    const classic = { contentType: "text/plain; version=0.0.4; charset=utf-8" };
    expect((await written(client, () => active.getStore(), classic)).join()).not.toContain("# {");
    const unsampled = await written(client, () => active.getStore(), { traceFlags: 0 });
    expect(unsampled.join()).not.toContain("# {");
    expect(warnings).not.toHaveBeenCalled();
  });

  test("may have labels of the application", async () => {
    const lines = await written(client, () => ({ request: "r1" }));
    expect(lines.join()).toContain('# {request="r1"}');
  });

  test.each<[string, ExemplarSource]>([
    [
      "throws",
      () => {
        throw new Error("no tracer");
      },
    ],
    ["is too long", () => ({ trace_id: "x".repeat(121) })],
    ["is no text", () => ({ trace_id: 7 }) as never],
    ["has a wrong name", () => ({ "trace-id": "7" })],
  ])("one that %s is left out with one warning, and the value is counted", async (_, source) => {
    const text = (await written(client, source)).join("\n");
    expect(text).not.toContain("# {");
    expect(text).toContain('astrum_tasks_total{flow="daily",task="load",result="success"} 1');
    expect(warnings).toHaveBeenCalledTimes(1);
  });
});
