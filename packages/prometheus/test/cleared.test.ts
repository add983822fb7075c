import { flow, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { prometheusObserver } from "../src/index.ts";
import { CLIENTS, samples, sum } from "./clients.ts";

const warnings = vi.fn();

beforeEach(() => {
  vi.spyOn(process, "emitWarning").mockImplementation(warnings);
  return () => {
    vi.restoreAllMocks();
    warnings.mockClear();
  };
});

const daily = flow("daily", { one: task("one", () => 1) });

describe.each(CLIENTS)("a registry that was cleared, with %s", (_, client) => {
  test("is told by the observer that is still in use, once", async () => {
    const registry = new client.Registry();
    const observers = [prometheusObserver({ client, registry })];
    await daily.run({ observers });
    expect(warnings).not.toHaveBeenCalled();
    registry.clear();
    for (const _ of [1, 2, 3]) {
      const { executionState } = await daily.run({ observers });
      expect(executionState).toBe("completed");
    }
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls[0]?.[0]).toContain("Make a new observer after `registry.clear()`");
  });

  test("is told also when a new observer has made the metrics anew, and not by that one", async () => {
    const registry = new client.Registry();
    const old = prometheusObserver({ client, registry });
    registry.clear();
    const observer = prometheusObserver({ client, registry });
    await daily.run({ observers: [observer] });
    expect(warnings).not.toHaveBeenCalled();
    await daily.run({ observers: [old] });
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(sum(await samples(registry), "astrum_runs_total")).toBe(1);
  });

  test.each([
    "text/plain; version=0.0.4; charset=utf-8",
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  ])("is not, when it was only read, as %s", async (format) => {
    const registry = new client.Registry(format);
    const observers = [prometheusObserver({ client, registry })];
    for (const _ of [1, 2]) {
      await daily.run({ observers });
      await registry.metrics();
    }
    expect(warnings).not.toHaveBeenCalled();
  });
});

describe.each(CLIENTS)(
  "A registry that is reset while runs are under way, with %s,",
  (_, client) => {
    test("has its series again, at 0, and counts on from there", async () => {
      const clock = new VirtualClock();
      const registry = new client.Registry();
      const observers = [prometheusObserver({ client, registry })];
      const slow = task("slow", {}, (_, { signal }) => clock.wait(100, signal));
      const daily = flow("daily", {
        bad: task("bad", { slow }, () => Promise.reject(new Error("no"))),
      });
      await clock.run(daily.run({ clock, observers }));
      const before = (await samples(registry)).length;

      const second = daily.run({ clock, observers });
      registry.resetMetrics();
      await Promise.resolve();
      const all = await samples(registry);
      const of = (name: string, labels = {}) => sum(all, name, labels);
      expect(of("astrum_build_info")).toBe(1);
      expect(of("astrum_runs_active")).toBe(1);
      expect(of("astrum_tasks_active", { state: "running" })).toBe(1);
      const failures = all.filter(
        ({ name, labels }) => name === "astrum_tasks_total" && labels.result === "failure",
      );
      expect(failures.map(({ value }) => value)).toEqual([0, 0]);

      await clock.run(second);
      await clock.run(daily.run({ clock, observers }));
      const after = await samples(registry);
      expect(after.length).toBe(before);
      expect(sum(after, "astrum_runs_total", { result: "failure" })).toBe(2);
      expect(sum(after, "astrum_task_duration_seconds_count", { task: "slow" })).toBe(2);
      expect(sum(after, "astrum_tasks_active")).toBe(0);
    });
  },
);
