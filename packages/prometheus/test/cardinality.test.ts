import { readFileSync } from "node:fs";
import { flow, map, type TaskInfo, task } from "@astrum/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { prometheusObserver } from "../src/index.ts";
import { CLIENTS, type Sample, samples, sum } from "./clients.ts";

const warnings = vi.fn();

beforeEach(() => {
  vi.spyOn(process, "emitWarning").mockImplementation(warnings);
});
afterEach(() => {
  vi.restoreAllMocks();
  warnings.mockClear();
});

function values(all: readonly Sample[], label: string): Set<string> {
  return new Set(all.flatMap(({ labels }) => labels[label] ?? []));
}

function many(count: number): ReturnType<typeof flow> {
  const tasks = Array.from({ length: count }, (_, at) => task(`t${at}`, {}, () => at));
  return flow("wide", Object.fromEntries(tasks.map((one) => [one.name, one])));
}

describe.each(CLIENTS)("cardinality, with %s", (_, client) => {
  test("1,000 task names stay below the limit, with one warning, and every task is counted", async () => {
    const registry = new client.Registry();
    const observers = [prometheusObserver({ client, registry })];
    await many(1000).run({ observers });
    await many(1000).run({ observers });
    const all = await samples(registry);
    expect(values(all, "task").size).toBe(201);
    expect(sum(all, "astrum_tasks_total", { task: "_other" })).toBe(1600);
    expect(sum(all, "astrum_tasks_total")).toBe(2000);
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls[0]?.[0]).toContain('"t200" and all further ones');
  });

  test("observers of one registry share the limit, and flows have it too", async () => {
    const registry = new client.Registry();
    for (let at = 0; at < 5; at++) {
      const observers = [prometheusObserver({ client, registry, labels: { maxValues: 3 } })];
      await flow(`flow${at}`, { one: task(`t${at}`, {}, () => 1) }).run({ observers });
    }
    const all = await samples(registry);
    expect([...values(all, "flow")]).toEqual(["flow0", "flow1", "flow2", "_other"]);
    expect(sum(all, "astrum_runs_total", { flow: "_other" })).toBe(2);
    expect(sum(all, "astrum_tasks_total", { flow: "_other", task: "t4" })).toBe(1);
  });

  test("50 flows with 200 tasks each are 2,000 pairs, and no flow takes the places of another", async () => {
    const registry = new client.Registry();
    const observers = [prometheusObserver({ client, registry })];
    const tasks = Array.from({ length: 200 }, (_, at) => task(`t${at}`, {}, () => at));
    const roots = Object.fromEntries(tasks.map((one) => [one.name, one]));
    for (let at = 0; at < 50; at++) await flow(`f${at}`, roots).run({ observers });
    await flow("late", { one: task("one", {}, () => 1) }).run({ observers });
    const all = await samples(registry);
    const pairs = new Set(
      all.flatMap(({ labels }) => (labels.task ? `${labels.flow} ${labels.task}` : [])),
    );
    expect(pairs.size).toBeGreaterThan(1000);
    expect(pairs.size).toBeLessThanOrEqual(2000 + 51);
    expect(sum(all, "astrum_tasks_total")).toBe(50 * 200 + 1);
    for (let at = 0; at < 50; at++) {
      const named = [...pairs].filter((pair) => pair.startsWith(`f${at} t`));
      expect(named.length, `f${at}`).toBeGreaterThanOrEqual(5);
    }
    expect(sum(all, "astrum_tasks_total", { flow: "late", task: "one" })).toBe(1);
    expect(all.length).toBeLessThan(60_000);
  });

  test("a task costs as many series as the page on metrics says", async () => {
    const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
    const [, each, hundred = ""] =
      /costs (\d+) series[\s\S]*? are ([\d,]+) series/.exec(page) ?? [];
    const count = async (tasks: number): Promise<number> => {
      const registry = new client.Registry();
      await many(tasks).run({ observers: [prometheusObserver({ client, registry })] });
      return (await samples(registry)).length;
    };
    const most = await count(100);
    expect(most - (await count(99))).toBe(Number(each));
    expect(Math.round(most / 10) * 10).toBe(Number(hundred.replace(",", "")));
  });

  test("items of a map are counted under the map's name, and what they are called is no label", async () => {
    const registry = new client.Registry();
    const list = task("list", {}, () => [1, 2, 3]);
    const sizes = map("sizes", list, (item) => item, { key: (item) => `size ${item}` });
    await flow("daily", { sizes }).run({ observers: [prometheusObserver({ client, registry })] });
    const all = await samples(registry);
    expect([...values(all, "task")]).toEqual(["list", "sizes"]);
    expect(sum(all, "astrum_tasks_total", { task: "sizes" })).toBe(3);
    expect(sum(all, "astrum_task_duration_seconds_count", { task: "sizes" })).toBe(3);
    expect(JSON.stringify(all)).not.toContain("size 1");
  });

  test("the label can be left out, limited to a list, or made by a function", async () => {
    const read = async (labels: object): Promise<Sample[]> => {
      const registry = new client.Registry();
      await many(4).run({ observers: [prometheusObserver({ client, registry, labels })] });
      return samples(registry);
    };
    const without = await read({ task: false });
    expect(values(without, "task").size).toBe(0);
    expect(sum(without, "astrum_tasks_total", { flow: "wide" })).toBe(4);
    expect([...values(await read({ allow: ["t1", "t3"] }), "task")]).toEqual([
      "_other",
      "t1",
      "t3",
    ]);
    const odd = (task: TaskInfo): string => `stage ${task.stage}`;
    expect([...values(await read({ task: odd }), "task")]).toEqual(["stage 0"]);
    expect(warnings).not.toHaveBeenCalled();
  });

  test("a function that gives no string loses the label, not the count", async () => {
    const registry = new client.Registry();
    const labels = {
      task: () => {
        throw new Error("no name");
      },
    };
    const observer = prometheusObserver({ client, registry, labels });
    const report = await many(3).run({ observers: [observer] });
    expect(report.observerErrors).toEqual([]);
    const all = await samples(registry);
    expect(sum(all, "astrum_tasks_total", { task: "_other", result: "success" })).toBe(3);
    expect(warnings).toHaveBeenCalledTimes(1);
  });
});
