/** Nothing wrong is handed out: what a stored output must have in common with the run that takes it. */
import { describe, expect, test } from "vitest";
import {
  DynamicScheduler,
  type ExecutionReport,
  flow,
  map,
  optional,
  param,
  pick,
  reportOfJournal,
  type SerializedReport,
  type TaskOrder,
  task,
} from "../../src/index.ts";
import { Notebook, written } from "../scenario.ts";

/** Why each task or item ran again. */
function why({ resume }: Pick<ExecutionReport, "resume">): Record<string, string> {
  return Object.fromEntries((resume?.rerun ?? []).map(({ task, why }) => [task, why]));
}

describe("A stored output is handed out only for the same parameters:", () => {
  const day = param<unknown>("day");
  const place = param<unknown>("place");
  const load = task("load", { day }, ({ day }) => `data of ${JSON.stringify(day)}`);
  const report = task("report", { load, place }, ({ load, place }) => `${load} in ${place}`);
  const still = task("still", () => "the same");
  const nightly = flow("nightly", { report, still });
  const run = (on: unknown, at: unknown, resumeFrom?: SerializedReport) =>
    nightly.run({
      params: [day.of(on), place.of(at)],
      ...(resumeFrom === undefined ? {} : { resumeFrom }),
    });

  test("with another value, what reads it runs again, and what depends on that", async () => {
    const monday = written(await run("mon", "here"));
    const tuesday = await run("tue", "here", monday);
    expect(tuesday.outputs.report).toBe('data of "tue" in here');
    expect(tuesday.resume?.restored).toEqual(["still"]);
    expect(why(tuesday)).toEqual({
      load: 'its parameter "day" has another value',
      report: 'its dependency "load" runs again',
    });
  });

  test("a task that does not read the other value is restored", async () => {
    const here = written(await run("mon", "here"));
    const there = await run("mon", "there", here);
    expect(there.outputs.report).toBe('data of "mon" in there');
    expect(there.resume?.restored).toEqual(["load", "still"]);
    expect(why(there)).toEqual({ report: 'its parameter "place" has another value' });
  });

  test.each([
    ["a number and its text", 1, "1"],
    ["nothing and null", undefined, null],
    ["an empty list and an empty object", [], {}],
    ["two halves of a character", "\ud800", "\ud801"],
    ["a list and a longer one", ["a"], ["a", "a"]],
    ["nested differently", [["a"], "b"], [["a", "b"]]],
    ["one name and another one", { a: 1 }, { b: 1 }],
    ["the order of names, which a function sees", { a: 1, b: 2 }, { b: 2, a: 1 }],
  ])("%s are two values", async (_, one, other) => {
    const before = written(await run(one, "here"));
    expect((await run(one, "here", before)).restoredTasks).toBe(3);
    expect((await run(other, "here", before)).restoredTasks).toBe(1);
  });

  test("equal ones are the same value, whoever made them", async () => {
    const before = written(await run({ from: [1, { to: "x" }] }, "here"));
    expect((await run({ from: [1, { to: "x" }] }, "here", before)).restoredTasks).toBe(3);
  });

  test("one that JSON does not hold cannot be compared, and says where", async () => {
    const client = { url: "db", options: { log: () => {} } };
    const before = written(await run("mon", client));
    expect(before.outputs?.report).toBeDefined();
    const after = await run("mon", client, before);
    expect(after.resume?.restored).toEqual(["load", "still"]);
    expect(why(after)).toEqual({
      report: "what its output was made from was not stored",
    });
    const comparable = written(await run("mon", "here"));
    expect(why(await run("mon", client, comparable))).toEqual({
      report: 'its parameter "place" cannot be compared: .options.log is a function',
    });
  });

  test("one that a function changes is the one that the run was given", async () => {
    const rows = param<number[]>("rows");
    const sort = task("sort", { rows }, ({ rows }) => rows.sort((a, b) => a - b)[0]);
    const f = flow("f", { sort });
    const { entries, journal } = new Notebook();
    await f.run({ params: [rows.of([3, 1, 2])], journal });
    const taken = (value: number[]) =>
      f.run({ params: [rows.of(value)], resumeFrom: reportOfJournal(entries) });
    expect((await taken([3, 1, 2])).restoredTasks).toBe(1);
    expect((await taken([1, 2, 3])).restoredTasks).toBe(0);
  });

  test("one that a function changed counts as changed where nothing was told meanwhile: a report looks when it is written", async () => {
    const rows = param<number[]>("rows");
    const sort = task("sort", { rows }, ({ rows }) => rows.sort((a, b) => a - b)[0]);
    const f = flow("f", { sort });
    const before = written(await f.run({ params: [rows.of([3, 1, 2])] }));
    const taken = (value: number[]) => f.run({ params: [rows.of(value)], resumeFrom: before });
    expect((await taken([3, 1, 2])).restoredTasks).toBe(0);
    expect((await taken([1, 2, 3])).restoredTasks).toBe(1);
  });

  test("one that a condition changes is the one that the run was given", async () => {
    const rows = param<number[]>("rows");
    const first = task("first", { rows }, ({ rows }) => rows[0], {
      when: ({ rows }) => rows.sort((a, b) => a - b).length > 0,
    });
    const f = flow("f", { first });
    const { entries, journal } = new Notebook();
    await f.run({ params: [rows.of([3, 1, 2])], journal });
    const taken = (value: number[]) =>
      f.run({ params: [rows.of(value)], resumeFrom: reportOfJournal(entries) });
    expect((await taken([3, 1, 2])).restoredTasks).toBe(1);
    expect((await taken([1, 2, 3])).restoredTasks).toBe(0);
  });

  test("one whose name is another one is another parameter", async () => {
    const of = (name: string) => {
      const which = param<string>(name);
      const f = flow("f", { t: task("t", { which }, ({ which }) => which) });
      return (value: string, resumeFrom?: SerializedReport) =>
        f.run({
          params: [which.of(value)],
          ...(resumeFrom === undefined ? {} : { resumeFrom }),
        });
    };
    const before = written(await of("a")("x"));
    expect((await of("b")("x", before)).restoredTasks).toBe(0);
    expect((await of("a")("x", before)).restoredTasks).toBe(1);
  });
});

describe("A stored item is handed out only for the same item:", () => {
  const urls = param<readonly unknown[]>("urls");
  const tone = param<string>("tone");
  let calls: string[] = [];
  const pages = map("pages", urls, { tone }, (url, index, { tone }) => {
    const page = `${index} ${JSON.stringify(url)} ${tone}`;
    calls.push(page);
    return page;
  });
  const crawl = flow("crawl", { pages });
  const run = async (list: readonly unknown[], how: string, resumeFrom?: SerializedReport) => {
    calls = [];
    const report = await crawl.run({
      params: [urls.of(list), tone.of(how)],
      ...(resumeFrom === undefined ? {} : { resumeFrom }),
    });
    const page = (url: unknown, index: number): string => `${index} ${JSON.stringify(url)} ${how}`;
    expect(report.outputs.pages).toEqual(list.map(page));
    return report;
  };

  test("another order, or another item at its place, is called again", async () => {
    const before = written(await run(["a", "b", "c"], "loud"));
    const after = await run(["b", "z", "c"], "loud", before);
    expect(calls).toEqual(['0 "b" loud', '1 "z" loud']);
    expect(after.resume?.restored).toEqual(["pages[2]"]);
    expect(why(after)).toEqual({
      pages: 'one of these has another value: its parameter "urls", its parameter "tone"',
      "pages[0]": 'one of these has another value: its item, its parameter "tone"',
      "pages[1]": 'one of these has another value: its item, its parameter "tone"',
    });
  });

  test("a longer list keeps what was there, a shorter one does too", async () => {
    const before = written(await run(["a", "b"], "loud"));
    const longer = written(await run(["a", "b", "c"], "loud", before));
    expect(calls).toEqual(['2 "c" loud']);
    await run(["a"], "loud", longer);
    expect(calls).toEqual([]);
  });

  test("the same item at another place is called again, for its function sees the place", async () => {
    const before = written(await run(["a"], "loud"));
    await run(["z", "a"], "loud", before);
    expect(calls).toEqual(['0 "z" loud', '1 "a" loud']);
  });

  test("whatever else its map reads must be the same", async () => {
    const before = written(await run(["a", "b"], "loud"));
    await run(["a", "b"], "low", before);
    expect(calls).toEqual(['0 "a" low', '1 "b" low']);
  });

  test("a date, a number that is none and bytes are compared like anything else", async () => {
    const items = (day: number) => [{ at: new Date(day) }, [Number.NaN], Buffer.from("b")];
    const before = written(await run(items(1) as never, "loud"));
    calls.length = 0;
    await run(items(1) as never, "loud", before);
    expect(calls).toEqual([]);
    await run(items(2) as never, "loud", before);
    expect(calls).toEqual([`0 ${JSON.stringify({ at: new Date(2) })} loud`]);
  });

  test("one that cannot be written cannot be compared, the others are restored", async () => {
    const before = written(await run(["a", 1n as never, "c"].map(String), "loud"));
    const holder = { at() {} };
    const mixed = await run(["a", holder, "c"] as never, "loud", before);
    expect(calls).toEqual(["1 {} loud"]);
    expect(why(mixed)).toEqual({
      pages: 'its parameter "urls" cannot be compared: [1].at is a function',
      "pages[1]": "its item cannot be compared: .at is a function",
    });
    const again = await run(["a", holder, "c"] as never, "loud", written(mixed));
    expect(calls).toEqual(["1 {} loud"]);
    expect(why(again)["pages[1]"]).toBe("what its output was made from was not stored");
  });

  test("one that a function changes is the one that it was given", async () => {
    const list = task("list", () => [{ n: 1 }, { n: 2 }]);
    const bump = map("bump", list, (item) => {
      item.n += 1;
      if (item.n === 3) throw new Error("odd");
      return item.n;
    });
    const f = flow("f", { bump });
    const { entries, journal } = new Notebook();
    await f.run({ failure: "continue", journal });
    const after = await f.run({ failure: "continue", resumeFrom: reportOfJournal(entries) });
    expect(after.resume?.restored).toEqual(["list", "bump[0]"]);
    expect(after.outcome("bump[0]")).toMatchObject({ value: 2 });
  });
});

describe("A stored output is handed out only for the same definition:", () => {
  test("the flow's name is part of it, though tasks have the same names", async () => {
    const of = (name: string) => flow(name, { fetch: task("fetch", () => name) });
    const before = written(await of("shop").run());
    const other = await of("bank").run({ resumeFrom: before });
    expect(other.outputs.fetch).toBe("bank");
    expect(why(other)).toEqual({ fetch: 'the earlier run was one of another flow, "shop"' });
    // Also when the report does not say.
    const { flow: _, ...run } = before.run;
    const nameless = await of("bank").run({ resumeFrom: { ...before, run } });
    expect(nameless.outputs.fetch).toBe("bank");
    expect(why(nameless)).toEqual({ fetch: "its name, inputs or version changed" });
  });

  test("constants of a scheduler's inputs are part of it, one by one", async () => {
    const order: TaskOrder[] = [{ taskName: "a" }, { taskName: "b" }];
    const scheduler = (a: unknown, resumeFrom?: SerializedReport) =>
      new DynamicScheduler(
        [
          ["a", ({ x }: { x: unknown }) => `a of ${JSON.stringify(x)}`],
          ["b", ({ x }: { x: unknown }) => `b of ${x}`],
        ],
        order,
        {
          taskDataRefs: {
            a: { inputs: [{ from: { value: a }, to: { key: "x" } }] },
            b: { inputs: [{ from: { value: "fixed" }, to: { key: "x" } }] },
          },
          ...(resumeFrom === undefined ? {} : { resumeFrom }),
        },
      );
    const before = written(await scheduler("one").execute());
    const after = await scheduler("two", before).execute();
    expect(after.outputs).toEqual({ a: 'a of "two"', b: "b of fixed" });
    expect(after.resume?.restored).toEqual(["b"]);
    expect(why(after)).toEqual({ a: 'its input "x" has another value' });
    const odd = await scheduler(() => 1, before).execute();
    expect(why(odd)).toEqual({ a: 'its input "x" cannot be compared: it is a function' });
  });

  test("a task by that name that became a map, or took another part, is another one", async () => {
    const rows = task("rows", () => [[1, 2], [3]]);
    const whole = flow("f", { it: task("it", { rows }, ({ rows }) => rows.length) });
    const before = written(await whole.run());
    const part = flow("f", { it: task("it", { rows: pick(rows, 0) }, ({ rows }) => rows?.length) });
    const number = flow("f", {
      it: task("it", { rows: pick(rows, "0" as never) }, ({ rows }) => rows),
    });
    const items = flow("f", { it: map("it", rows, (row) => row.length) });
    for (const other of [part, items]) {
      const after = await other.run({ resumeFrom: before });
      expect(after.resume?.restored).toEqual(["rows"]);
    }
    const first = written(await part.run());
    expect((await number.run({ resumeFrom: first })).resume?.restored).toEqual(["rows"]);
  });
});

describe("A stored output is handed out only with what it was made from:", () => {
  /** Each call of `source` gives another number. */
  function chained(options: { readonly version?: string; readonly breaks?: boolean } = {}) {
    const source = task("source", () => ++calls.source, { version: options.version ?? "1" });
    const sum = task("sum", { source }, ({ source }) => {
      calls.sum++;
      if (options.breaks) throw new Error("broken");
      return `sum of ${source}`;
    });
    return flow("f", { sum });
  }
  let calls = { source: 0, sum: 0 };

  test("not with a result of its dependency that came later", async () => {
    calls = { source: 0, sum: 0 };
    const first = written(await chained().run());
    const second = written(
      await chained({ version: "2", breaks: true }).run({ resumeFrom: first }),
    );
    // As a log has it that was told of both: the newer source beside the sum of the older one.
    const mixed: SerializedReport = {
      ...second,
      executionState: "interrupted",
      taskStatistics: [],
      outputs: { ...first.outputs, ...second.outputs },
      origins: { ...first.origins, ...second.origins },
    };
    const third = await chained({ version: "2" }).run({ resumeFrom: mixed });
    expect(third.outputs.sum).toBe("sum of 2");
    expect(third.resume?.restored).toEqual(["source"]);
    expect(why(third)).toEqual({ sum: "what it depends on has run again since" });
  });

  test("not when a dependency had given it nothing", async () => {
    let broken = true;
    const maybe = task(
      "maybe",
      () => {
        if (broken) throw new Error("broken");
        return 1;
      },
      { onFailure: "ignore" },
    );
    const reads = task("reads", { maybe: optional(maybe) }, ({ maybe }) => `got ${maybe}`);
    const f = flow("f", { reads });
    const first = written(await f.run());
    expect(first.outputs?.reads).toEqual({ encoding: "json", value: "got undefined" });
    broken = false;
    const second = await f.run({ resumeFrom: first });
    expect(second.outputs.reads).toBe("got 1");
    // As a log has it whose last run was killed before the reader ran again.
    const { reads: _, ...outputs } = written(second).outputs ?? {};
    const mixed: SerializedReport = {
      ...written(second),
      executionState: "interrupted",
      outputs: { ...outputs, reads: first.outputs?.reads as never },
      origins: { maybe: written(second).origins?.maybe as never, ...first.origins },
    };
    const third = await f.run({ resumeFrom: mixed });
    expect(third.outputs.reads).toBe("got 1");
    expect(third.resume?.restored).toEqual(["maybe"]);
  });

  test("a report that does not say what outputs were made from restores none", async () => {
    calls = { source: 0, sum: 0 };
    const { origins, ...old } = written(await chained().run());
    const after = await chained().run({ resumeFrom: old });
    expect(after.restoredTasks).toBe(0);
    expect(why(after)).toEqual({
      source: "what its output was made from was not stored",
      sum: 'its dependency "source" runs again',
    });
  });

  test("a restored value is a copy: what its readers do to it is not in the report it came from", async () => {
    let broken = true;
    const list = task("list", () => [1]);
    const push = task("push", { list }, ({ list }) => {
      list.push(2);
      if (broken) throw new Error("broken");
      return list.length;
    });
    const f = flow("f", { push });
    const before = written(await f.run());
    before.outputs = { ...before.outputs, list: { encoding: "json", value: [1] } };
    await f.run({ resumeFrom: before });
    broken = false;
    expect((await f.run({ resumeFrom: before })).outputs.push).toBe(2);
    expect(before.outputs.list).toEqual({ encoding: "json", value: [1] });
  });
});

describe("`report.resume` says what the earlier run knew of a task:", () => {
  const cases: [string, Partial<SerializedReport["taskStatistics"][number]>, string, string][] = [
    ["failed", { status: "failed" }, "failed", "it had failed"],
    [
      "was skipped",
      { status: "skipped", reason: { kind: "condition" } },
      "failed",
      "it had been skipped",
    ],
    ["was cancelled", { status: "cancelled" }, "cancelled", "it had been cancelled"],
    ["was given up", { status: "abandoned" }, "failed", "it had been abandoned"],
    [
      "was not waited for",
      { status: "detached" },
      "completed",
      "it had not ended when the earlier run did",
    ],
    [
      "was running when the process was killed",
      { status: "abandoned", reason: { kind: "aborted" } },
      "interrupted",
      "it was running when the earlier run was interrupted",
    ],
    [
      "was waiting when the process was killed",
      { status: "skipped", reason: { kind: "not-started" } },
      "interrupted",
      "it had not ended when the earlier run was interrupted",
    ],
    [
      "was skipped before the process was killed",
      { status: "skipped", reason: { kind: "condition" } },
      "interrupted",
      "it had been skipped",
    ],
    [
      "completed without a word of its output",
      { status: "completed" },
      "completed",
      "its output was not stored, nor was any: a log has those that its journal was told, a report those of `toJSON({ outputs: true })`",
    ],
  ];
  test.each(cases)("that it %s", async (_, row, executionState, told) => {
    const f = flow("f", { a: task("a", () => 1) });
    const { outputs, ...before } = written(await f.run());
    const taskStatistics = before.taskStatistics.map((one) => ({ ...one, ...row }));
    const after = await f.run({
      resumeFrom: {
        ...before,
        executionState: executionState as SerializedReport["executionState"],
        taskStatistics,
      },
    });
    expect(why(after)).toEqual({ a: told });
  });

  test("nothing at all, of a run that was cut off", async () => {
    const f = flow("f", { a: task("a", () => 1) });
    const before = written(await f.run());
    const after = await f.run({
      resumeFrom: { ...before, executionState: "interrupted", taskStatistics: [], outputs: {} },
    });
    expect(why(after)).toEqual({ a: "no result of it was stored" });
  });

  test("that a secret was found in its output", async () => {
    const f = flow("f", { a: task("a", () => 1) });
    const before = written(await f.run());
    before.outputs = { a: { encoding: "omitted", why: "redacted", type: "object" } };
    expect(why(await f.run({ resumeFrom: before }))).toEqual({
      a: "its output was not stored: a secret was found in it",
    });
  });
});
