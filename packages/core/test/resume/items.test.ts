/** Items of a map are found by what they are, at whatever place of the list they stand. */
import { describe, expect, it } from "vitest";
import {
  type ExecutionReport,
  type Flow,
  flow,
  type JournalEntry,
  map,
  optional,
  param,
  reportOfJournal,
  type SerializedReport,
  task,
} from "../../src/index.ts";
import { written } from "../scenario.ts";

type Item = string | { readonly id: string; readonly [field: string]: unknown };
const list = param<readonly Item[]>("list");

type Kind = "item alone" | "with a key" | "place as well";

/** A map whose function takes the item alone, or the place too, and has a key or none; with the items that it is called for. */
function pages(kind: Kind, calls: Item[]): Flow<{ readonly all: string }> {
  const page = (item: Item): string => {
    calls.push(item);
    return `page of ${typeof item === "string" ? item : item.id}`;
  };
  const key = (item: Item): string => (typeof item === "string" ? item : item.id);
  const each = {
    "item alone": () => map("pages", list, (item) => page(item)),
    "with a key": () => map("pages", list, (item, _index) => page(item), { key }),
    "place as well": () => map("pages", list, (item, index) => `${index}: ${page(item)}`),
  }[kind]();
  const all = task("all", { each }, ({ each }) => each.join(", "));
  return flow("crawl", { all });
}

async function run(
  kind: Kind,
  items: readonly Item[],
  resumeFrom?: SerializedReport,
): Promise<{ calls: Item[]; report: ExecutionReport<{ readonly all: string }> }> {
  const calls: Item[] = [];
  const report = await pages(kind, calls).run({ params: { list: items }, resumeFrom });
  return { calls, report };
}

describe.each(["item alone", "with a key"] as const)("A list in another order: %s", (kind) => {
  it("restores every item at its new place", async () => {
    const before = written((await run(kind, ["a", "b", "c"])).report);
    const { calls, report } = await run(kind, ["c", "z", "a", "b"], before);
    expect(calls).toEqual(["z"]);
    expect(report.unwrap().all).toBe("page of c, page of z, page of a, page of b");
    expect(report.resume?.restored).toEqual(["pages[0]", "pages[2]", "pages[3]"]);
    const row = report.taskStatistics.find(({ taskName }) => taskName === "pages[2]");
    expect(row?.status).toBe("restored");
    // And once more, from what that run stored.
    const again = await run(kind, ["b", "a", "z", "c"], written(report));
    expect(again.calls).toEqual([]);
    expect(again.report.unwrap().all).toBe("page of b, page of a, page of z, page of c");
  });

  it("calls an item that is new or changed, and says so of the place where another one stood", async () => {
    const items = [{ id: "a", rows: 1 }, { id: "b" }];
    const before = written((await run(kind, items)).report);
    const changed = [{ id: "a", rows: 2 }, { id: "b" }];
    const { calls, report } = await run(kind, changed, before);
    expect(calls).toEqual([changed[0]]);
    expect(report.resume?.rerun).toContainEqual({
      task: "pages[0]",
      why: "its item has another value",
    });
  });

  it("loses nothing that was stored, wherever two runs with other orders are killed", async () => {
    const orders = [
      ["a", "b", "c", "d"],
      ["d", "x", "a", "c", "b"],
      ["b", "c", "x", "d", "a"],
    ];
    const whole = await life(kind, orders[0] ?? [], [], Number.POSITIVE_INFINITY);
    for (let first = 1; first <= whole.entries.length; first++) {
      const one = await life(kind, orders[0] ?? [], [], first);
      const undisturbed = await life(kind, orders[1] ?? [], one.entries, Number.POSITIVE_INFINITY);
      expect(undisturbed.calls.filter((item) => one.stored.has(item))).toEqual([]);
      for (let second = 1; second <= undisturbed.entries.length - one.entries.length; second++) {
        const two = await life(kind, orders[1] ?? [], one.entries, second);
        const three = await life(kind, orders[2] ?? [], two.entries, Number.POSITIVE_INFINITY);
        const stored = new Set([...one.stored, ...two.stored]);
        expect(three.calls.filter((item) => stored.has(item))).toEqual([]);
        expect(three.all).toBe("page of b, page of c, page of x, page of d, page of a");
      }
    }
  });
});

/** A run in a process that is killed when its journal is told the n-th entry: what is left, and what it stored of items. */
async function life(
  kind: Kind,
  items: readonly string[],
  left: readonly JournalEntry[],
  killedAt: number,
): Promise<{
  entries: readonly JournalEntry[];
  calls: Item[];
  stored: ReadonlySet<Item>;
  all: string | undefined;
}> {
  const entries = [...left];
  const calls: Item[] = [];
  let told = 0;
  const report = await pages(kind, calls).run({
    params: { list: items },
    concurrency: 1,
    ...(left.length > 0 && { resumeFrom: reportOfJournal(left) }),
    journal: (entry) => {
      if (++told > killedAt) throw new Error("killed");
      entries.push(structuredClone(entry));
    },
  });
  const stored = entries.flatMap(({ output, parent }) =>
    parent === undefined ? [] : [String((output as { value: string }).value).slice(-1)],
  );
  return { entries, calls, stored: new Set(stored), all: report.outputs.all };
}

describe("An item", () => {
  it("is known by its place as well where the function takes it and there is no key", async () => {
    const before = written((await run("place as well", ["a", "b"])).report);
    const { calls, report } = await run("place as well", ["b", "a", "c"], before);
    expect(calls).toEqual(["b", "a", "c"]);
    expect(report.unwrap().all).toBe("0: page of b, 1: page of a, 2: page of c");
  });

  it("is known by its key alone where it has no encoding", async () => {
    const open = { id: "a", close: () => {} };
    const before = written((await run("with a key", [open, "b"])).report);
    const { calls, report } = await run("with a key", ["b", { ...open, close: () => {} }], before);
    expect(calls).toEqual([]);
    expect(report.unwrap().all).toBe("page of b, page of a");
    const without = written((await run("item alone", [open])).report);
    expect((await run("item alone", [open], without)).calls).toEqual([open]);
  });

  it("whose key is another one is another item, though it is the same value", async () => {
    const keyed = (prefix: string, calls: string[]) =>
      flow("crawl", {
        each: map(
          "each",
          task("list", () => ["a", "b"]),
          (item) => {
            calls.push(item);
            return item;
          },
          { key: (item) => (item === "a" ? `${prefix}${item}` : item) },
        ),
        after: task("after", () => Promise.reject(new Error("no"))),
      });
    const before = written(await keyed("", []).run({ failure: "continue" }));
    // The map as a whole was stored: take that away, so that its items are looked at.
    const { each: _, ...outputs } = before.outputs ?? {};
    const calls: string[] = [];
    const report = await keyed("new ", calls).run({
      failure: "continue",
      resumeFrom: { ...before, outputs },
    });
    expect(calls).toEqual(["a"]);
    expect(report.resume?.restored).toContain("each[1]");
  });

  it("in a flow inside of a task runs again where its map goes without what it was made with", async () => {
    const made = (life: number, calls: string[]) => {
      const inner = () => {
        const db = task(
          "db",
          () => {
            if (life === 2) throw new Error("no db");
            return "db";
          },
          { release: () => {}, onFailure: "ignore" },
        );
        const list = task("list", () => ["a", "b"]);
        const rows = map(
          "rows",
          list,
          { db: optional(db) },
          (item, _index, { db }) => {
            calls.push(`${item} of ${db}`);
            if (life === 1 && item === "b") throw new Error("killed");
            return item;
          },
          { concurrency: 1 },
        );
        return flow("inner", { rows });
      };
      return flow("outer", { outer: task("outer", inner) });
    };
    const entries: JournalEntry[] = [];
    const journal = (entry: JournalEntry) => entries.push(structuredClone(entry));
    await made(1, []).run({ journal });
    const calls: string[] = [];
    const report = await made(2, calls).run({ resumeFrom: reportOfJournal(entries) });
    expect(report.errorSummary).toEqual([]);
    expect(calls).toEqual(["a of undefined", "b of undefined"]);
    expect(report.resume?.rerun).toContainEqual({
      task: "outer.rows[0]",
      why: 'its dependency "outer.db" gave no result this time',
    });
  });

  it("that is in the list twice stands as often as it was stored", async () => {
    const before = written((await run("item alone", ["x", "a"])).report);
    const { calls, report } = await run("item alone", ["a", "x", "x", "x"], before);
    expect(calls).toEqual(["x", "x"]);
    expect(report.unwrap().all).toBe("page of a, page of x, page of x, page of x");
    const shorter = await run("item alone", ["x"], written(report));
    expect(shorter.calls).toEqual([]);
  });

  it("stands once, however often it moved, wherever the runs that moved it were killed", async () => {
    const told: JournalEntry[] = [];
    const life = async (items: readonly Item[], entries: number): Promise<Item[]> => {
      const calls: Item[] = [];
      const log: JournalEntry[] = [];
      await pages("item alone", calls).run({
        params: { list: items },
        resumeFrom: told.length === 0 ? undefined : reportOfJournal(told),
        concurrency: 1,
        journal: (entry) => {
          if (log.length === entries) throw new Error("killed");
          log.push(structuredClone(entry));
        },
      });
      told.push(...log);
      return calls;
    };
    for (let killedAt = 3; killedAt < 9; killedAt++) {
      told.length = 0;
      // The start, one page, another.
      expect(await life(["x", "a", "b"], 3)).toEqual(["x", "a", "b"]);
      await life(["a", "x"], killedAt);
      await life(["b", "a", "x"], killedAt);
      const calls = await life(["x", "x", "x", "a", "a"], Number.POSITIVE_INFINITY);
      expect(calls).toEqual(["x", "x", "a"]);
      expect(told.length).toBeLessThan(40);
    }
  });

  it("is not told to the journal again where it stands as before", async () => {
    const before = written((await run("item alone", ["a", "b", "c"])).report);
    const told: string[] = [];
    await pages("item alone", []).run({
      params: { list: ["a", "c", "b"] },
      resumeFrom: before,
      journal: ({ type, task }) => told.push(String(task ?? type)),
    });
    expect(told).toEqual([
      "started",
      "pages[0]",
      "pages[1]",
      "pages[2]",
      // First where nothing stands, then where they stand.
      "pages[3]",
      "pages[4]",
      "pages[1]",
      "pages[2]",
      "pages",
      "all",
    ]);
  });

  it("that cannot be stored at its new place stops the run, before anything is called", async () => {
    const before = written((await run("item alone", ["a", "b"])).report);
    const calls: Item[] = [];
    let told = 0;
    const report = await pages("item alone", calls).run({
      params: { list: ["b", "a", "c"] },
      resumeFrom: before,
      journal: () => {
        if (++told === 4) throw new Error("no disk");
      },
    });
    expect(calls).toEqual([]);
    expect(report.executionState).toBe("failed");
    expect(report.errorSummary).toEqual(["The run was stopped: the journal failed: no disk"]);
  });
});
