import { DynamicScheduler, flow, type RunResult, task } from "@astrum/core";
import { randomRun, testVerdicts, verdictsOf } from "astrum-conformance";
import { describe, expect, test } from "vitest";
import { prometheusObserver } from "../src/index.ts";
import { CLIENTS, samples, sum } from "./clients.ts";

const RUNS = 60;

describe.each(CLIENTS)("totals, with %s", (_, client) => {
  test("equal the report's after any run: failures, retries, maps, flows in flows, skips, cancellations, tails", async () => {
    const seen = new Map<string, number>();
    for (let seed = 0; seed < RUNS; seed++) {
      const registry = new client.Registry();
      const observer = prometheusObserver({ client, registry });
      const { report } = await randomRun(seed, [observer]);
      expect(report.observerErrors).toEqual([]);

      const all = await samples(registry);
      const { tasks } = verdictsOf(report);
      const told = {
        total: sum(all, "astrum_tasks_total"),
        attempts: sum(all, "astrum_task_attempts_total"),
        retries: sum(all, "astrum_task_retries_total"),
        queued: sum(all, "astrum_task_queue_duration_seconds_count"),
        durations: sum(all, "astrum_task_duration_seconds_count"),
        runs: sum(all, "astrum_runs_total"),
      };
      const rows = report.taskStatistics;
      const maps = new Set(rows.map(({ kind, parent }) => (kind === "item" ? parent : undefined)));
      const started = rows.filter(({ attemptCount }) => attemptCount > 0);
      const flows = rows.filter(
        ({ role, attemptCount }) => (role === "subflow" || role === "loop") && attemptCount === 0,
      );
      const ran = [...started, ...flows].filter(
        ({ status, reason }) =>
          status === "completed" ||
          status === "failed" ||
          (status === "abandoned" && reason?.kind === "timeout" && reason.scope !== "run"),
      );
      expect(told, `seed ${seed}`).toEqual({
        total: rows.filter(({ taskName }) => !maps.has(taskName)).length,
        attempts: report.totalAttempts,
        retries: report.totalAttempts - started.length,
        queued: started.length,
        durations: ran.length,
        runs: 1,
      });
      for (const [result, count] of Object.entries(tasks)) {
        expect(sum(all, "astrum_tasks_total", { flow: "random", result }), result).toBe(count);
      }
      const active = ["astrum_tasks_active", "astrum_runs_active"];
      const left = all.filter(({ name }) => active.includes(name));
      expect(left.length).toBe(5);
      expect(left.filter(({ value }) => value !== 0)).toEqual([]);
      for (const [what, count] of Object.entries(told)) {
        seen.set(what, (seen.get(what) ?? 0) + count);
      }
      const [run] = all.filter(({ name, value }) => name === "astrum_runs_total" && value === 1);
      seen.set(`run ${run?.labels.result}`, 1);
    }
    const never = [...seen].filter(([, count]) => count === 0);
    expect(never, "what the random runs never did").toEqual([]);
    expect([...seen.keys()].filter((key) => key.startsWith("run ")).sort()).toEqual([
      "run cancellation",
      "run failure",
      "run success",
      "run timeout",
    ]);
  });

  testVerdicts(() => {
    const registry = new client.Registry();
    return {
      observers: [prometheusObserver({ client, registry })],
      async told() {
        const all = await samples(registry);
        const by = (name: string) =>
          Object.fromEntries(
            all
              .filter((one) => one.name === name && one.value > 0)
              .map(({ labels }) => [
                labels.result,
                sum(all, name, { result: labels.result ?? "" }),
              ]),
          );
        const tasks = by("astrum_tasks_total");
        const { failure, timeout } = tasks;
        return {
          run: Object.keys(by("astrum_runs_total")).join() as RunResult,
          tasks,
          failures: { ...(failure && { failure }), ...(timeout && { timeout }) },
          tolerated: sum(all, "astrum_tasks_tolerated_total"),
          abandoned: sum(all, "astrum_tasks_abandoned_total"),
          retries: sum(all, "astrum_task_retries_total"),
        };
      },
    };
  });

  test("tell tasks whose result was in the cache from both", async () => {
    const cache = new Map<string, string>();
    const first = task("first", {}, () => 1, { cache: {} });
    const second = task("second", { first }, () => 2);
    const daily = flow("daily", { second });
    await daily.run({ cache });
    const registry = new client.Registry();
    await daily.run({ cache, observers: [prometheusObserver({ client, registry })] });
    const all = await samples(registry);
    expect(sum(all, "astrum_tasks_total", { task: "first", result: "cached" })).toBe(1);
    expect(sum(all, "astrum_tasks_total")).toBe(2);
  });

  test("tell tasks restored from an earlier report from those that ran", async () => {
    let fails = true;
    const first = task("first", {}, () => 1);
    const second = task("second", { first }, () => {
      if (fails) throw new Error("not yet");
    });
    const daily = flow("daily", { second });
    const earlier = await daily.run();
    fails = false;

    const registry = new client.Registry();
    const observer = prometheusObserver({ client, registry });
    const resumeFrom = earlier.toJSON({ outputs: true });
    const report = await daily.run({ resumeFrom, observers: [observer] });
    const all = await samples(registry);
    expect(report.restoredTasks).toBe(1);
    expect(sum(all, "astrum_tasks_total", { task: "first", result: "restored" })).toBe(1);
    expect(sum(all, "astrum_tasks_total", { task: "second", result: "success" })).toBe(1);
    expect(sum(all, "astrum_tasks_total")).toBe(2);
    expect(sum(all, "astrum_task_attempts_total")).toBe(1);
    expect(sum(all, "astrum_task_duration_seconds_count")).toBe(1);
  });

  test("hold for the documented scheduler, stage by stage", async () => {
    const registry = new client.Registry();
    const a = { taskName: "a" };
    const b = { taskName: "b" };
    const c = { taskName: "c", dependencies: [a, b] };
    const broken = (): never => {
      throw new Error("no");
    };
    const scheduler = new DynamicScheduler(
      [
        ["a", () => 1],
        ["b", broken],
        ["c", () => 1],
      ],
      [a, b, c],
      {
        name: "documented",
        dispatch: "stages",
        taskRetries: { b: 2 },
        observers: [prometheusObserver({ client, registry })],
      },
    );
    const report = await scheduler.execute();
    const all = await samples(registry);
    const labels = { flow: "documented" };
    expect(report.observerErrors).toEqual([]);
    expect(sum(all, "astrum_tasks_total", labels)).toBe(3);
    expect(sum(all, "astrum_tasks_total", { ...labels, task: "b", result: "failure" })).toBe(1);
    expect(sum(all, "astrum_tasks_total", { ...labels, task: "c", result: "skip" })).toBe(
      report.skippedTasks,
    );
    expect(sum(all, "astrum_task_attempts_total", labels)).toBe(report.totalAttempts);
    expect(sum(all, "astrum_task_retries_total", { task: "b" })).toBe(2);
    expect(sum(all, "astrum_tasks_active")).toBe(0);
  });
});
