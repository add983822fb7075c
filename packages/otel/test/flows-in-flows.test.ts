/** Traces and metrics of runs in which tasks have flows inside. */
import { after, type Flow, flow, loop, map, param, subflow, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { type Attributes, type Context, trace } from "@opentelemetry/api";
import { randomRun } from "astrum-conformance";
import { describe, expect, it } from "vitest";
import { type Items, type OtelObserverOptions, otelObserver } from "../src/index.ts";
import { heldSpans } from "./held-spans.ts";
import type { Received } from "./receiver.ts";
import { sdk } from "./sdk.ts";
import { named, traced, tree } from "./traced.ts";

const tracer = () => trace.getTracer("user");

/** Loads and resizes one photo; resizing a negative one fails. */
function thumbFlow(clock: VirtualClock, photo: number) {
  const load = task("load", () => clock.wait(1).then(() => photo));
  const resize = task("resize", { load }, async ({ load }) => {
    tracer().startSpan(`pixels ${load}`).end();
    await clock.wait(2);
    if (load < 0) throw new RangeError(`photo ${load}`);
    return load * 10;
  });
  return flow("thumb", { resize });
}

async function drawn(
  outer: (clock: VirtualClock) => Flow<unknown>,
  options: OtelObserverOptions = {},
): Promise<{ received: readonly Received[]; text: string }> {
  const { spans } = await traced();
  const clock = new VirtualClock();
  const observers = [otelObserver(options)];
  const report = await clock.run(outer(clock).run({ clock, observers, failure: "continue" }));
  await clock.run(report.tail);
  const received = await spans();
  return { received, text: tree(received) };
}

/** Photos, of which some fail, as items that become flows. */
const thumbs = (photos: readonly number[]) => (clock: VirtualClock) => {
  const list = task("photos", () => [...photos]);
  const of = map("thumbs", list, (photo) => thumbFlow(clock, photo), { key: (one) => `p${one}` });
  return flow("album", { thumbs: of });
};

describe("Spans of tasks inside of another", () => {
  it("lie below that one's, at any depth, and are called by their path without indices", async () => {
    const { text, received } = await drawn((clock) => {
      const region = param<string>("region");
      const load = task("load", { region }, ({ region }) => region);
      const eu = subflow("eu", flow("region", { rank: task("rank", { load }, () => 1) }), {
        region: task("where", () => "eu"),
      });
      const pages = task("pages", () => [1, 2]);
      const crawl = task("crawl", () =>
        flow("site", { pages: map("page", pages, (page) => thumbFlow(clock, page)) }),
      );
      return flow("outer", { all: task("all", { eu, crawl }, () => 1) });
    });
    expect(text).toBe(
      [
        "run outer",
        "  task all <= task crawl <- task eu",
        "  task crawl",
        "    task crawl.page <= task crawl.pages",
        "      task crawl.page (crawl.page[0])",
        "        task crawl.page.load (crawl.page[0].load)",
        "        task crawl.page.resize (crawl.page[0].resize) <= task crawl.page.load",
        "          pixels 1",
        "      task crawl.page (crawl.page[1])",
        "        task crawl.page.load (crawl.page[1].load)",
        "        task crawl.page.resize (crawl.page[1].resize) <= task crawl.page.load",
        "          pixels 2",
        "    task crawl.pages",
        "  task eu <= task where",
        "    task eu.load <= task where",
        "    task eu.rank <= task eu.load",
        "  task where",
      ].join("\n"),
    );
    expect(named(received, "task eu").attributes["astrum.task.role"]).toBe("subflow");
    expect(named(received, "task crawl").attributes["astrum.task.role"]).toBe("subflow");
    expect(named(received, "task all").attributes["astrum.task.role"]).toBeUndefined();
  });

  it("of a loop lie below it, say which flow they are of, and lead back from each to the one before", async () => {
    const { text, received } = await drawn(() => {
      const round = (from: number) => {
        const write = task("write", () => from);
        return flow("round", { critic: task("critic", { write }, ({ write }) => write + 1) });
      };
      const draft = loop(
        "draft",
        { topic: task("topic", () => 0) },
        {
          first: ({ topic }) => round(topic),
          next: ({ critic }) => round(critic),
          until: () => false,
          max: 2,
        },
      );
      return flow("outer", { draft });
    });
    expect(text.replace(/^(run .*)ERROR .*/, "$1ERROR")).toBe(
      [
        "run outer ERROR",
        '  task draft ERROR ASTRUM_LOOP_LIMIT: "draft" was not done after 2 flows, its `max` !exception <= task topic',
        "    task draft.critic (draft[0].critic) <= task draft.write",
        "    task draft.critic (draft[1].critic) <= task draft.write",
        "    task draft.write (draft[0].write)",
        "    task draft.write (draft[1].write) <= task draft.critic",
        "  task topic",
      ].join("\n"),
    );
    const written = received.filter(({ name }) => name === "task draft.write");
    expect(written.map(({ attributes }) => attributes["astrum.task.iteration"])).toEqual([0, 1]);
  });

  it("of finally tasks link to who ended last before them", async () => {
    const { text } = await drawn((clock) => {
      const clean = task("clean", () => 1);
      return flow("outer", {
        one: task("one", () =>
          flow("inner", { slow: task("slow", () => clock.wait(1)) }, { finally: { clean } }),
        ),
      });
    });
    expect(text).toContain("    task one.clean <= task one.slow");
  });

  it("say in their attributes which item they are inside of, and so do links and logs", async () => {
    const { provider, records } = sdk.startLogs();
    const { received } = await drawn(thumbs([7, -8]), {
      exceptions: "both",
      loggerProvider: provider,
    });
    const resized = received.filter(({ name }) => name === "task thumbs.resize");
    expect(resized.map(({ attributes }) => attributes)).toEqual(
      [
        [0, "p7"],
        [1, "p-8"],
      ].map(([index, key]) =>
        expect.objectContaining({
          "astrum.task.name": "thumbs.resize",
          "astrum.task.key": `thumbs[${index}].resize`,
          "astrum.task.item.index": index,
          "astrum.task.item.key": key,
        }),
      ),
    );
    expect(resized[1]?.links[0]?.attributes).toMatchObject({
      "astrum.task.name": "thumbs.load",
      "astrum.task.key": "thumbs[1].load",
    });
    expect((await records()).map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining({
        "astrum.task.name": "thumbs.resize",
        "astrum.task.key": "thumbs[1].resize",
        "exception.message": "photo -8",
      }),
    ]);
  });

  it("tell an exception once, where it was thrown, however many tasks fail with it", async () => {
    const { text } = await drawn((clock) =>
      flow("outer", {
        one: subflow("one", flow("inner", { two: task("two", () => thumbFlow(clock, -1)) })),
      }),
    );
    expect(text.match(/!exception/g)).toHaveLength(1);
    expect(text).toMatch(/task one\.two\.resize ERROR RangeError: photo -1 !exception/);
    expect(text).toMatch(/task one ERROR/);
    expect(text).toMatch(/task one\.two ERROR/);
  });

  it("tell the error of a flow that cannot begin, and of one whose value is refused", async () => {
    const output = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: () => ({ issues: [{ message: "too small" }] }),
      },
    };
    const { text } = await drawn((clock) =>
      flow("outer", {
        lacks: task("lacks", () =>
          flow("inner", { needs: task("needs", { p: param("p") }, () => 1) }),
        ),
        small: task("small", () => thumbFlow(clock, 1), { output }),
      } as never),
    );
    expect(text).toMatch(/task lacks ERROR [^\n]*!exception/);
    expect(text).toMatch(/task small ERROR [^\n]*too small[^\n]*!exception/);
    expect(text.match(/!exception/g)).toHaveLength(2);
  });

  it("of tails that begin when what they are inside of has ended lie below that", async () => {
    const { text } = await drawn((clock) => {
      const load = task("load", () => clock.wait(1));
      const asked = { when: () => clock.wait(20).then(() => true) };
      const late = task("late", { _: after(load) }, () => clock.wait(1), asked);
      const never = task("never", { _: after(load) }, () => 1, {
        when: () => clock.wait(20).then(() => false),
      });
      const slow = task("slow", () => clock.wait(50));
      const inner = flow("inner", { load }, { tails: { late, never } });
      const pair = task("pair", () => [1, 2]);
      const both = map("both", pair, () => inner);
      return flow("outer", { both, sub: subflow("sub", inner), slow });
    });
    expect(text).toContain(
      [
        "  task both <= task pair",
        "    task both (both[0])",
        "      task both.late (both[0].late) <= task both.load",
        "      task both.load (both[0].load)",
        "    task both (both[1])",
        "      task both.late (both[1].late) <= task both.load",
        "      task both.load (both[1].load)",
        "  task pair",
        "  task slow",
        "  task sub",
        "    task sub.late <= task sub.load",
        "    task sub.load",
      ].join("\n"),
    );
  });
});

it("Every span of a task lies below that of what it is inside of, in any random run", async () => {
  let inside = 0;
  for (let seed = 0; seed < 40; seed++) {
    const parents = new Map<unknown, unknown>();
    const keys = new WeakMap<object, unknown>();
    const provider = {
      getTracer: () => ({
        startSpan(_: string, { attributes }: { attributes: Attributes }, context: Context) {
          const key = attributes["astrum.task.key"] ?? attributes["astrum.task.name"];
          const around = trace.getSpan(context);
          const identity = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };
          const span = trace.wrapSpanContext(identity);
          span.isRecording = () => true;
          keys.set(span, key);
          if (attributes["astrum.task.kind"] !== undefined) {
            parents.set(key, around && keys.get(around));
          }
          return span;
        },
      }),
    };
    const observer = otelObserver({ items: "all", tracerProvider: provider as never });
    const { report } = await randomRun(seed, [observer]);
    expect(report.observerErrors).toEqual([]);
    for (const { taskName, parent } of report.taskStatistics) {
      if (!parents.has(taskName)) continue;
      expect([taskName, parents.get(taskName)], `seed ${seed}`).toEqual([taskName, parent]);
      if (parent !== undefined) inside++;
    }
  }
  expect(inside).toBeGreaterThan(200);
});

describe("An item that becomes a flow", () => {
  it("has no span, nor has what is inside, where `items` leaves it out", async () => {
    const { text } = await drawn(thumbs([1, 2, -3]), { items: "none" });
    expect(text).toMatch(
      /^run album ERROR .*\n {2}task photos\n {2}task thumbs ERROR .* !exception <= task photos\n {4}pixels -3\n {4}pixels 1\n {4}pixels 2$/,
    );
  });

  it("gets one when it fails, and so do those inside of it that failed, with their times and exceptions", async () => {
    const { text, received } = await drawn(thumbs([1, -2, 3]), { items: "failed" });
    expect(text.split("\n").filter((line) => line.includes("thumbs"))).toEqual([
      expect.stringMatching(/^ {2}task thumbs ERROR [^!]* <= task photos$/),
      expect.stringMatching(/^ {4}task thumbs \(thumbs\[1\]\) ERROR [^!]*$/),
      expect.stringMatching(
        /^ {6}task thumbs\.resize \(thumbs\[1\]\.resize\) ERROR RangeError: photo -2 !exception$/,
      ),
    ]);
    const [resize] = received.filter(({ name }) => name === "task thumbs.resize");
    expect(resize?.attributes).toMatchObject({
      "astrum.task.item.index": 1,
      "astrum.task.result": "failure",
    });
    expect(Number((resize?.end ?? 0n) - (resize?.start ?? 0n)) / 1e6).toBe(2);
  });

  it("has its place among the first `max`, with all that is inside of it", async () => {
    const { text } = await drawn(thumbs([1, 2, -3, -4]), { items: { max: 1 } });
    expect(text).toContain(
      [
        "    task thumbs (thumbs[0])",
        "      task thumbs.load (thumbs[0].load)",
        "      task thumbs.resize (thumbs[0].resize) <= task thumbs.load",
        "        pixels 1",
      ].join("\n"),
    );
    expect(text).not.toContain("(thumbs[1]");
    expect(text).toContain("thumbs[2].resize");
    expect(text).not.toContain("(thumbs[3]");
    // That of the second failure, which has no span.
    expect(text).toMatch(/task thumbs ERROR [^\n]* !exception/);
  });

  it("tells what failed inside on the nearest span above, when it did not fail with that", async () => {
    const { text } = await drawn(
      (clock) => {
        const inner = () =>
          flow("inner", {
            held: subflow("held", thumbFlow(clock, -1), {}, { onFailure: "ignore" }),
          });
        const list = task("list", () => [1]);
        return flow("outer", {
          last: task(
            "last",
            {
              _: after(map("items", list, () => flow("f", { a: task("a", () => inner()) }))),
            } as never,
            () => 1,
          ),
        });
      },
      { items: "failed" },
    );
    expect(text).toMatch(/task items[^\n(]* !exception/);
    expect(text).not.toContain("items[0]");
  });

  it("shows ten of many that failed inside of it", async () => {
    const { received } = await drawn(
      () => {
        const deep = () =>
          flow("deep", {
            all: map(
              "all",
              task("list", () => Array.from({ length: 30 }, (_, at) => at)),
              () => Promise.reject(new Error("no")),
            ),
          });
        return flow("outer", {
          items: map(
            "items",
            task("one", () => [1]),
            deep,
          ),
        });
      },
      { items: "failed" },
    );
    const failed = received.filter(({ status }) => status.code === 2).map(({ name }) => name);
    expect(failed.filter((name) => name === "task items")).toHaveLength(2);
    expect(failed.filter((name) => name === "task items.all")).toHaveLength(10);
    // Those that are not shown leave their exceptions to the span of the map.
    const [whole] = received.filter(
      ({ attributes }) =>
        attributes["astrum.task.kind"] === "map" && attributes["astrum.task.name"] === "items",
    );
    expect(whole?.events).toHaveLength(10);
  });

  it("has spans of what is inside of it where the application leaves out the item alone", async () => {
    const { text } = await drawn(thumbs([1]), { shouldTrace: ({ kind }) => kind !== "item" });
    expect(text).toContain(
      [
        "  task thumbs <= task photos",
        "    task thumbs.load (thumbs[0].load)",
        "    task thumbs.resize (thumbs[0].resize) <= task thumbs.load",
        "      pixels 1",
      ].join("\n"),
    );
  });
});

it.each<[string, Items]>([
  ["all have spans", "all"],
  ["the first ones have", { max: 200 }],
])(
  "The run and the totals of a map arrive with the usual queue and a slow exporter when its items become flows and %s",
  async (_, items) => {
    const { spans } = await traced({ maxQueueSize: 2048, slow: 20 });
    const list = task("list", () => Array.from({ length: 1000 }, (_, at) => at));
    const inner = (at: number) => {
      const load = task("load", async () => at);
      const resize = task("resize", { load }, async ({ load }) => {
        if (load === 900) throw new Error("no");
      });
      return flow("thumb", { resize });
    };
    const album = flow("album", { thumbs: map("thumbs", list, inner, { concurrency: 200 }) });
    await album.run({ failure: "continue", observers: [otelObserver({ items })] });
    const received = await spans();
    expect(named(received, "run album").parentSpanId).toBe("");
    const ofKind = (kind: string) =>
      received.filter(({ attributes }) => attributes["astrum.task.kind"] === kind);
    expect(ofKind("map").map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining({
        "astrum.map.item.count": 1000,
        "astrum.map.item.failed": 1,
      }),
    ]);
    if (items === "all") return;
    expect(ofKind("item")).toHaveLength(201);
    // The one that failed, and what failed inside of it.
    const failed = received.filter(
      ({ status, attributes }) => status.code === 2 && attributes["astrum.task.item.index"] === 900,
    );
    expect(failed.map(({ attributes }) => attributes["astrum.task.key"]).sort()).toEqual([
      "thumbs[900]",
      "thumbs[900].resize",
    ]);
  },
);

it("Memory stays flat while 5,000 items become flows, though every task of them has a span", async () => {
  const spans = heldSpans();
  let alive = 0;
  const list = task("list", () => Array.from({ length: 5000 }, (_, at) => at));
  const inner = () => {
    const load = task("load", () => 1);
    // Begins when the item that it is inside of has ended.
    const when = () => new Promise<boolean>((answer) => setImmediate(answer, true));
    const late = task("late", { _: after(load) }, () => 1, { when });
    return flow("thumb", { resize: task("resize", { load }, () => 1) }, { tails: { late } });
  };
  const items = map("items", list, inner, { concurrency: 100 });
  const look = task("look", { items }, async () => {
    alive = await spans.alive();
  });
  const observers = [otelObserver({ items: "all", tracerProvider: spans.provider })];
  await flow("f", { look }).run({ observers });
  expect(spans.opened).toBeGreaterThan(20_000);
  expect(alive).toBeLessThan(1000);
});

it("Tasks are measured by their path without indices: those inside of others, and those around them too", async () => {
  const { provider, points } = sdk.startMetrics();
  const clock = new VirtualClock();
  const observers = [otelObserver({ meterProvider: provider })];
  const eu = subflow("eu", thumbFlow(clock, 5));
  const list = task("list", () => [1, -2]);
  const of = map("thumbs", list, (photo) => thumbFlow(clock, photo));
  const none = subflow("none", thumbFlow(clock, 1), {}, { when: () => false });
  await clock.run(
    flow("f", { eu, of, none } as never).run({ clock, observers, failure: "continue" }),
  );
  const durations = (await points()).filter(({ metric }) => metric === "astrum.task.duration");
  const lines = durations.map(({ attributes, value }) => {
    const { count, sum } = value as { count: number; sum: number };
    const ended = attributes["error.type"] ?? attributes["astrum.task.result"];
    return `${attributes["astrum.task.name"]} ${ended}: ${count} in ${sum * 1000}`;
  });
  expect(lines.sort()).toEqual([
    "eu success: 1 in 3",
    "eu.load success: 1 in 1",
    "eu.resize success: 1 in 2",
    "list success: 1 in 0",
    "thumbs ASTRUM_SUBFLOW: 1 in 3",
    "thumbs success: 1 in 3",
    "thumbs.load success: 2 in 2",
    "thumbs.resize RangeError: 1 in 2",
    "thumbs.resize success: 1 in 2",
  ]);
});
