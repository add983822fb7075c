import { flow, map, type TaskInfo, task } from "@astrum/core";
import { trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { type Items, otelObserver } from "../src/index.ts";
import { heldSpans } from "./held-spans.ts";
import { named, traced, tree } from "./traced.ts";

/** What SDKs have when nothing is said, with an exporter that takes its time. */
const USUAL = { maxQueueSize: 2048, slow: 20 };

const tracer = () => trace.getTracer("user");

/** A map whose items are all there at once, so that its spans are one burst. */
function mapOf(count: number, item: (index: number) => unknown) {
  const list = task("list", () => Array.from({ length: count }, (_, at) => at));
  return flow("large", { items: map("items", list, item) });
}

const failing = (...indices: number[]) => {
  const bad = new Set(indices);
  return async (index: number) => {
    if (bad.has(index)) throw new RangeError(`item ${index}`);
  };
};

describe("With the usual queue of the SDK and a slow exporter", () => {
  it("a map of 10,000 items arrives: its root, its failures and its totals", async () => {
    const { spans } = await traced(USUAL);
    const report = await mapOf(10_000, failing(7, 5000, 9999)).run({
      failure: "continue",
      observers: [otelObserver()],
    });
    expect(report.failedTasks).toBe(4);
    const received = await spans();
    expect(named(received, "run large")).toMatchObject({
      parentSpanId: "",
      status: { code: 2 },
      attributes: { "astrum.run.result": "failure", "astrum.run.task.failed": 4 },
    });
    const ofMap = received.filter(({ attributes }) => attributes["astrum.task.name"] === "items");
    const items = ofMap.filter(({ attributes }) => attributes["astrum.task.kind"] === "item");
    const failed = items.filter(({ status }) => status.code === 2);
    expect(failed.map(({ attributes }) => attributes["astrum.task.item.index"])).toEqual([
      7, 5000, 9999,
    ]);
    for (const { events } of failed) expect(events.map(({ name }) => name)).toEqual(["exception"]);
    expect(items.length).toBe(200 + 2);
    const [whole] = ofMap.filter(({ attributes }) => attributes["astrum.task.kind"] === "map");
    expect(whole?.attributes).toMatchObject({
      "astrum.map.item.count": 10_000,
      "astrum.map.item.failed": 3,
      "astrum.map.item.traced": 202,
      "astrum.map.item.slowest": expect.stringMatching(/^items\[\d+\]$/),
    });
    expect(whole?.events).toEqual([]);
  });

  it.each<[string, Items]>([
    ["all items are traced", "all"],
    ["all items fail, and those are traced", "failed"],
  ])("the run and the map arrive when %s", async (_, items) => {
    const { spans } = await traced(USUAL);
    const every = async () => {
      if (items === "failed") throw new Error("no");
    };
    const observers = [otelObserver({ items })];
    await mapOf(3000, every).run({ failure: "continue", observers });
    const received = await spans();
    expect(named(received, "run large").parentSpanId).toBe("");
    const kinds = received.map(({ attributes }) => attributes["astrum.task.kind"]);
    expect(kinds.filter((kind) => kind === "map")).toHaveLength(1);
  });

  it("the run arrives when its tasks, or the spans that they make, fill the queue", async () => {
    const { spans } = await traced(USUAL);
    const wide = (count: number, work: () => unknown) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [`t${at}`, task(`t${at}`, work)]),
      );
    const chatty = () => {
      for (let at = 0; at < 4; at++) tracer().startSpan("query").end();
    };
    const observers = [otelObserver()];
    await flow(
      "tasks",
      wide(5000, () => 1),
    ).run({ observers });
    await flow("chatty", wide(600, chatty)).run({ observers });
    const received = await spans();
    expect(named(received, "run tasks").parentSpanId).toBe("");
    expect(named(received, "run chatty").parentSpanId).toBe("");
  });

  it("very many small runs arrive", async () => {
    const { spans } = await traced(USUAL);
    const one = flow("small", { one: task("one", () => 1) });
    const observers = [otelObserver()];
    await Promise.all(Array.from({ length: 1500 }, () => one.run({ observers })));
    const received = await spans();
    expect(received.filter(({ name }) => name === "run small")).toHaveLength(1500);
  });
});

describe("Items that get no span", () => {
  const drawn = async (
    items: Items,
    shouldTrace: (task: TaskInfo) => boolean = () => true,
  ): Promise<string> => {
    const { spans } = await traced();
    const item = async (index: number) => {
      tracer().startSpan(`query ${index}`).end();
      if (index > 0) throw new RangeError(`item ${index}`);
    };
    const observers = [otelObserver({ items, shouldTrace })];
    await mapOf(3, item).run({ failure: "continue", observers });
    return tree(await spans());
  };

  it("leave their spans to the map, and their exceptions too", async () => {
    expect(await drawn("none")).toMatch(
      /^run large ERROR .*\n {2}task items ERROR .* !exception !exception <= task list\n {4}query 0\n {4}query 1\n {4}query 2\n {2}task list$/,
    );
  });

  it("get one when they fail, with their own times and exceptions", async () => {
    const text = await drawn("failed");
    expect(text).toMatch(/task items \(items\[1\]\) ERROR RangeError: item 1 !exception/);
    expect(text).toMatch(/task items \(items\[2\]\) ERROR RangeError: item 2 !exception/);
    expect(text).not.toContain("items[0]");
    expect(text.match(/exception/g)).toHaveLength(2);
  });

  it("are told as failed beyond the first ones, as many again and no more", async () => {
    const text = await drawn({ max: 1 });
    expect(text).toMatch(/\(items\[0\]\)\n {6}query 0/);
    expect(text).toContain("(items[1]) ERROR RangeError: item 1 !exception");
    expect(text).not.toContain("(items[2])");
    expect(text.match(/!exception/g)).toHaveLength(2);
    expect(text).toMatch(/task items ERROR [^\n]* !exception/);
  });

  it("do so where the application leaves them out", async () => {
    const notItems = ({ kind }: { kind: string }): boolean => kind !== "item";
    expect(await drawn("all", notItems)).toMatch(/task items ERROR .* !exception !exception/);
  });

  it("and tasks that get none do so up to the run", async () => {
    expect(await drawn("all", () => false)).toMatch(
      /^run large ERROR .* !exception !exception\n {2}query 0/,
    );
  });

  it("tell ten of many exceptions on the span that stands for them", async () => {
    const { spans } = await traced();
    const item = () => Promise.reject(new Error("no"));
    const observers = [otelObserver({ items: "none" })];
    await mapOf(1000, item).run({ failure: "continue", observers });
    const received = await spans();
    expect(received).toHaveLength(3);
    expect(named(received, "task items").events).toHaveLength(10);
    expect(named(received, "task items").attributes).toMatchObject({
      "astrum.map.item.count": 1000,
      "astrum.map.item.failed": 1000,
      "astrum.map.item.traced": 0,
    });
  });

  it("tell nothing of an attempt that was retried with success", async () => {
    const { spans } = await traced();
    const list = task("list", () => [1]);
    let calls = 0;
    const items = map(
      "items",
      list,
      () => {
        if (calls++ === 0) throw new Error("once");
      },
      { retry: 1 },
    );
    await flow("f", { items }).run({ observers: [otelObserver({ items: "failed" })] });
    expect(tree(await spans())).toBe("run f\n  task items <= task list\n  task list");
  });
});

describe('detail: "run"', () => {
  it("tells the exception of a task on the run", async () => {
    const { spans } = await traced();
    const bad = task("bad", () => Promise.reject(new TypeError("bad")), { retry: 1 });
    await flow("f", { bad }).run({ observers: [otelObserver({ detail: "run" })] });
    expect(tree(await spans())).toBe("run f ERROR TypeError: bad !exception");
  });
});

it("Memory stays flat while 100,000 items end, though each has a span", async () => {
  const spans = heldSpans();
  let alive = 0;
  const list = task("list", () => Array.from({ length: 100_000 }, (_, at) => at));
  const items = map("items", list, () => undefined, { concurrency: 100 });
  const look = task("look", { items }, async () => {
    alive = await spans.alive();
  });
  const observers = [otelObserver({ items: "all", tracerProvider: spans.provider })];
  await flow("f", { look }).run({ observers });
  expect(spans.opened).toBe(100_004);
  expect(alive).toBeLessThan(1000);
});
