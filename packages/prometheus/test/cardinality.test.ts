import { readFileSync } from "node:fs";
import { type Flow, flow, map, subflow, type TaskInfo, task } from "@astrum/core";
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

  test("tasks inside of others are counted under their path without indices, and those around them too", async () => {
    const registry = new client.Registry();
    const thumb = (photo: number) => {
      const load = task("load", {}, () => photo);
      const resize = task("resize", { load }, ({ load }) => {
        if (load === 2) throw new Error("no");
      });
      return flow("thumb", { resize });
    };
    const list = task("list", {}, () => [1, 2, 3]);
    const thumbs = map("thumbs", list, thumb, { items: "settled", key: (one) => `photo ${one}` });
    const crawl = task("crawl", {}, () => flow("site", { eu: subflow("eu", thumb(1)) }));
    const observers = [prometheusObserver({ client, registry })];
    const report = await flow("album", { thumbs, crawl }).run({ observers });
    expect(report.executionState).toBe("completed");
    const all = await samples(registry);
    const count = (name: string, task: string, result = "success") =>
      sum(all, name, { task, result });
    const ended: [string, number, number][] = [
      ["crawl", 1, 0],
      ["crawl.eu", 1, 0],
      ["crawl.eu.load", 1, 0],
      ["crawl.eu.resize", 1, 0],
      ["list", 1, 0],
      ["thumbs", 2, 1],
      ["thumbs.load", 3, 0],
      ["thumbs.resize", 2, 1],
    ];
    expect([...values(all, "task")].sort()).toEqual(ended.map(([task]) => task));
    for (const [task, success, failure] of ended) {
      expect(count("astrum_tasks_total", task), task).toBe(success);
      expect(count("astrum_tasks_total", task, "failure"), task).toBe(failure);
      const durations = sum(all, "astrum_task_duration_seconds_count", { task });
      expect(durations, task).toBe(success + failure);
    }
    expect(count("astrum_task_attempts_total", "crawl")).toBe(1);
    expect(count("astrum_task_attempts_total", "crawl.eu")).toBe(0);
    expect(sum(all, "astrum_tasks_tolerated_total", { task: "thumbs.resize" })).toBe(1);
    expect(JSON.stringify(all)).not.toContain("photo 1");
  });

  test("flows that come up without end, or with ids in their names, stay below the limit", async () => {
    const registry = new client.Registry();
    const deeper = (depth: number): Flow<unknown> =>
      flow("deeper", { next: task("next", {}, () => (depth === 0 ? 0 : deeper(depth - 1))) });
    const list = task("list", {}, () => Array.from({ length: 300 }, (_, at) => at));
    const users = map("users", list, (id) =>
      flow("one", { user: task(`user ${id}`, {}, () => 1) }),
    );
    const observers = [prometheusObserver({ client, registry })];
    await flow("wide", { users, ground: task("ground", {}, () => deeper(50)) }).run({ observers });
    const all = await samples(registry);
    expect(values(all, "task").size).toBe(201);
    expect(sum(all, "astrum_tasks_total")).toBe(1 + 300 + 300 + 52);
    expect(warnings).toHaveBeenCalledTimes(1);
    const label = { task: ({ name }: TaskInfo) => name.slice(name.lastIndexOf(".") + 1) };
    const last = new client.Registry();
    await flow("deep", { ground: task("ground", {}, () => deeper(50)) }).run({
      observers: [prometheusObserver({ client, registry: last, labels: label })],
    });
    expect([...values(await samples(last), "task")]).toEqual(["ground", "next"]);
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
