import { describe, expect, test } from "vitest";
import { prometheusObserver } from "../src/index.ts";
import { CLIENTS, samples, sum } from "./clients.ts";
import { randomRun } from "./random-run.ts";

const RUNS = 60;

describe.each(CLIENTS)("totals, with %s", (_, client) => {
  test("equal the report's after any run: failures, retries, maps, skips, cancellations, tails", async () => {
    const seen = new Map<string, number>();
    for (let seed = 0; seed < RUNS; seed++) {
      const registry = new client.Registry();
      const observer = prometheusObserver({ client, registry });
      const { report } = await randomRun(seed, [observer]);
      expect(report.observerErrors).toEqual([]);

      const all = await samples(registry);
      const tasks = (result: string): number =>
        sum(all, "astrum_tasks_total", { flow: "random", result });
      const told = {
        total: sum(all, "astrum_tasks_total"),
        success: tasks("success"),
        failed: tasks("failure") + tasks("timeout"),
        cancellation: tasks("cancellation"),
        skip: tasks("skip"),
        detached: tasks("detached"),
        abandoned: tasks("abandoned"),
        attempts: sum(all, "astrum_task_attempts_total"),
        retries: sum(all, "astrum_task_retries_total"),
        queued: sum(all, "astrum_task_queue_duration_seconds_count"),
        durations: sum(all, "astrum_task_duration_seconds_count"),
        runs: sum(all, "astrum_runs_total"),
      };
      const started = report.taskStatistics.filter(({ attemptCount }) => attemptCount > 0);
      const ran = started.filter(({ status }) => status === "completed" || status === "failed");
      expect(told, `seed ${seed}`).toEqual({
        total: report.totalTasks,
        success: report.successfulTasks,
        failed: report.failedTasks,
        cancellation: report.cancelledTasks,
        skip: report.skippedTasks,
        detached: report.detachedTasks,
        abandoned: report.abandonedTasks,
        attempts: report.totalAttempts,
        retries: report.totalAttempts - started.length,
        queued: started.length,
        durations: ran.length,
        runs: 1,
      });
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
});
