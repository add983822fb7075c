import { DynamicScheduler, flow, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, test, vi } from "vitest";
import { prometheusObserver } from "../src/index.ts";
import { CLIENTS, samples, sum } from "./clients.ts";

describe.each(CLIENTS)("one registry for many, with %s", (_, client) => {
  test("two schedulers with an observer each add up in every metric, gauges included", async () => {
    const clock = new VirtualClock();
    const registry = new client.Registry();
    const started = [1, 2].map(() => {
      const scheduler = new DynamicScheduler(
        [["load", (_: unknown, { signal }: { signal: AbortSignal }) => clock.wait(100, signal)]],
        [{ taskName: "load" }],
        { name: "etl", clock, observers: [prometheusObserver({ client, registry })] },
      );
      return scheduler.execute();
    });
    await clock.advance(10);
    const during = await samples(registry);
    expect(sum(during, "astrum_runs_active", { flow: "etl" })).toBe(2);
    expect(sum(during, "astrum_tasks_active", { flow: "etl", state: "running" })).toBe(2);
    await clock.run(Promise.all(started));

    const third = prometheusObserver({ client, registry });
    const one = flow("etl", { load: task("load", {}, () => 1) });
    await one.run({ clock, observers: [third] });
    const after = await samples(registry);
    expect(sum(after, "astrum_runs_active")).toBe(0);
    expect(sum(after, "astrum_runs_total", { flow: "etl", result: "success" })).toBe(3);
    expect(sum(after, "astrum_task_duration_seconds_count", { task: "load" })).toBe(3);
    expect(sum(after, "astrum_task_duration_seconds_sum", { task: "load" })).toBeCloseTo(0.2);
  });

  test("two copies of this package in one process find each other", async () => {
    vi.resetModules();
    const copy = await import("../src/index.ts");
    expect(copy.prometheusObserver).not.toBe(prometheusObserver);
    const clock = new VirtualClock();
    const registry = new client.Registry();
    const load = task("load", {}, (_, { signal }) => clock.wait(100, signal));
    const etl = flow("etl", { load });
    const runs = [prometheusObserver, copy.prometheusObserver].map((make) =>
      etl.run({ clock, observers: [make({ client, registry })] }),
    );
    await clock.advance(10);
    expect(sum(await samples(registry), "astrum_runs_active", { flow: "etl" })).toBe(2);
    await clock.run(Promise.all(runs));
    const after = await samples(registry);
    expect(sum(after, "astrum_tasks_total", { task: "load", result: "success" })).toBe(2);
    expect(sum(after, "astrum_task_duration_seconds_count", { task: "load" })).toBe(2);
  });

  test("one observer serves several flows, also at once", async () => {
    const registry = new client.Registry();
    const observers = [prometheusObserver({ client, registry })];
    const flows = ["a", "b"].map((name) => flow(name, { one: task("one", {}, async () => 1) }));
    await Promise.all(flows.map((one) => one.run({ observers })));
    const all = await samples(registry);
    expect(sum(all, "astrum_tasks_total", { flow: "a", task: "one" })).toBe(1);
    expect(sum(all, "astrum_tasks_total", { flow: "b", task: "one" })).toBe(1);
  });

  test("a metric that is something else is refused, with what is different", () => {
    const registry = new client.Registry();
    new (client.Gauge as unknown as new (configuration: object) => unknown)({
      name: "astrum_runs_total",
      help: "mine",
      labelNames: ["where"],
      registers: [registry],
    });
    expect(() => prometheusObserver({ client, registry })).toThrow(
      'The registry already has a metric "astrum_runs_total" that cannot be the counter of this observer: it is a gauge; its labels are where, not flow, result.',
    );
    prometheusObserver({ client, registry, prefix: "jobs_" });
  });

  test("observers that disagree on labels or buckets are told so", () => {
    const registry = new client.Registry();
    prometheusObserver({ client, registry });
    expect(() => prometheusObserver({ client, registry, labels: { task: false } })).toThrow(
      "its labels are flow, result, task, not flow, result",
    );
    expect(() => prometheusObserver({ client, registry, buckets: [1, 2] })).toThrow(
      /its buckets are 0.005, .*, 3600, not 1, 2/,
    );
  });

  test("the client's own registry is the default", async () => {
    client.register.clear();
    const observer = prometheusObserver({ client });
    await flow("daily", { one: task("one", {}, () => 1) }).run({ observers: [observer] });
    expect(sum(await samples(client.register), "astrum_tasks_total", { task: "one" })).toBe(1);
    client.register.clear();
  });

  test("an OpenMetrics registry that was read before is found again", async () => {
    const registry = new client.Registry(
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    const daily = flow("daily", { one: task("one", {}, () => 1) });
    for (const runs of [1, 2, 3]) {
      await daily.run({ observers: [prometheusObserver({ client, registry })] });
      expect(sum(await samples(registry), "astrum_runs_total")).toBe(runs);
    }
  });
});
