import { DynamicScheduler, flow, type Observer, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, test } from "vitest";
import { prometheusObserver } from "../src/index.ts";
import { CLIENTS, samples, sum } from "./clients.ts";

describe.each(CLIENTS)("gauges and known series, with %s", (_, client) => {
  test("the gauges show what is under way in the turn in which they are read", async () => {
    const clock = new VirtualClock();
    const registry = new client.Registry();
    const observer = prometheusObserver({ client, registry });
    const failing = task("a", {}, async () => Promise.reject(new Error("once")), {
      retry: { attempts: 1, backoff: "fixed", baseMs: 100 },
    });
    const slow = task("b", {}, (_, { signal }) => clock.wait(50, signal));
    const queued = task("c", {}, (_, { signal }) => clock.wait(50, signal));
    const last = task("d", { failing }, () => 1);
    const daily = flow("daily", { failing, slow, queued, last });
    const run = daily.run({ clock, concurrency: 2, failure: "continue", observers: [observer] });
    await clock.advance(10);

    const now = await samples(registry);
    const state = (state: string): number =>
      sum(now, "astrum_tasks_active", { flow: "daily", state });
    expect(["waiting", "ready", "running", "delayed"].map(state)).toEqual([1, 0, 2, 1]);
    expect(sum(now, "astrum_runs_active", { flow: "daily" })).toBe(1);
    expect(sum(now, "astrum_concurrency_limit", { flow: "daily" })).toBe(2);

    await clock.run(run);
    const after = (await samples(registry)).filter(({ name }) => name === "astrum_tasks_active");
    expect(after.map(({ labels, value }) => [labels.state, value])).toEqual([
      ["waiting", 0],
      ["ready", 0],
      ["running", 0],
      ["delayed", 0],
    ]);
  });

  test("series that will be there stand at 0 before the first task ends", async () => {
    const clock = new VirtualClock();
    const registry = new client.Registry();
    const observer = prometheusObserver({ client, registry });
    const extract = task("extract", {}, (_, { signal }) => clock.wait(50, signal));
    const run = flow("daily", { load: task("load", { extract }, () => 1) }).run({
      clock,
      observers: [observer],
    });
    const series = (await samples(registry))
      .filter(({ name, value }) => /_(total|count)$/.test(name) && value === 0)
      .map(({ name, labels }) => `${name} ${labels.task ?? "-"} ${labels.result ?? "-"}`);
    expect(series.sort()).toEqual(
      [
        ...["success", "failure", "timeout", "cancellation"].map(
          (result) => `astrum_runs_total - ${result}`,
        ),
        "astrum_run_duration_seconds_count - success",
        "astrum_run_duration_seconds_count - failure",
        ...["extract", "load"].flatMap((name) => [
          `astrum_tasks_total ${name} success`,
          `astrum_tasks_total ${name} failure`,
          `astrum_tasks_total ${name} timeout`,
          `astrum_tasks_tolerated_total ${name} -`,
          `astrum_tasks_abandoned_total ${name} -`,
          `astrum_task_attempts_total ${name} success`,
          `astrum_task_attempts_total ${name} failure`,
          `astrum_task_retries_total ${name} -`,
          `astrum_task_duration_seconds_count ${name} -`,
        ]),
      ].sort(),
    );
    await clock.run(run);
  });

  test("durations are seconds, and timestamps those of the run's clock", async () => {
    const clock = new VirtualClock(1_700_000_000_000);
    const registry = new client.Registry();
    const observer = prometheusObserver({ client, registry });
    const options = { clock, observers: [observer], concurrency: 1 };
    const wait = (name: string, ms: number) =>
      task(name, {}, (_, { signal }) => clock.wait(ms, signal));
    await clock.run(flow("daily", { a: wait("a", 1500), b: wait("b", 500) }).run(options));
    const fails = task("a", {}, () => Promise.reject(new Error("no")));
    await clock.advance(8000);
    await clock.run(flow("daily", { fails }).run(options));

    const all = await samples(registry);
    expect(sum(all, "astrum_task_duration_seconds_sum", { task: "b" })).toBe(0.5);
    expect(sum(all, "astrum_task_duration_seconds_bucket", { task: "b", le: "0.25" })).toBe(0);
    expect(sum(all, "astrum_task_duration_seconds_bucket", { task: "b", le: "0.5" })).toBe(1);
    expect(sum(all, "astrum_task_queue_duration_seconds_sum")).toBe(1.5);
    expect(sum(all, "astrum_run_duration_seconds_sum", { result: "success" })).toBe(2);
    expect(sum(all, "astrum_run_last_success_timestamp_seconds")).toBe(1_700_000_002);
    expect(sum(all, "astrum_run_last_completion_timestamp_seconds")).toBe(1_700_000_010);
    expect(sum(all, "astrum_run_last_duration_seconds")).toBe(0);
  });

  test("a limit that a later run does not have is not shown any more", async () => {
    const registry = new client.Registry();
    const observers = [prometheusObserver({ client, registry })];
    const daily = flow("daily", { one: task("one", {}, () => 1) });
    await daily.run({ observers, concurrency: 3 });
    expect(sum(await samples(registry), "astrum_concurrency_limit")).toBe(3);
    await daily.run({ observers });
    const names = (await samples(registry)).map(({ name }) => name);
    expect(names).not.toContain("astrum_concurrency_limit");
  });

  test("what other observers do wrong is counted by their name", async () => {
    const registry = new client.Registry();
    const hostile: Observer = {
      name: "hostile",
      run: () => ({
        status: () => {
          throw new Error("no");
        },
      }),
    };
    const observer = prometheusObserver({ client, registry });
    const scheduler = new DynamicScheduler([["one", () => 1]], [{ taskName: "one" }], {
      observers: [observer, hostile],
    });
    await scheduler.execute();
    const all = await samples(registry);
    // waiting, ready or running, completed
    expect(
      sum(all, "astrum_observer_errors_total", { observer: "hostile" }),
    ).toBeGreaterThanOrEqual(3);
    expect(sum(all, "astrum_observer_errors_total", { observer: "prometheus" })).toBe(0);
  });
});
