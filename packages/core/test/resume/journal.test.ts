/** What a journal is told, when, and what becomes of a run whose journal fails. */
import { describe, expect, test } from "vitest";
import {
  DynamicScheduler,
  flow,
  type JournalEntry,
  JournalError,
  map,
  optional,
  param,
  type RunError,
  reportOfJournal,
  settled,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { escaped, Notebook, statuses, written } from "../scenario.ts";

describe("A journal", () => {
  test("is told of every completion, items and maps included, before a dependent starts", async () => {
    const told: string[] = [];
    const list = task("list", () => [1, 2]);
    const each = map("each", list, (item) => {
      told.push(`call ${item}`);
      return item;
    });
    const sum = task("sum", { each }, ({ each }) => {
      told.push("call sum");
      return each.length;
    });
    await flow("f", { sum }).run({ journal: ({ type, task }) => told.push(`${task ?? type}`) });
    expect(told).toEqual([
      "started",
      "list",
      "call 1",
      "call 2",
      "each[0]",
      "each[1]",
      "each",
      "call sum",
      "sum",
    ]);
  });

  test("is told first which run it is, and of which flow", async () => {
    const { entries, journal } = new Notebook();
    const clock = new VirtualClock();
    await flow("nightly", { a: task("a", () => 1) }).run({ journal, runId: "run 1", clock });
    expect(entries[0]).toEqual({
      type: "started",
      at: clock.wallNow(),
      runId: "run 1",
      flow: "nightly",
    });
    const next = new Notebook();
    await flow("nightly", { a: task("a", () => 1) }).run({
      journal: next.journal,
      runId: "run 2",
      resumeFrom: reportOfJournal(entries),
    });
    expect(next.entries[0]).toMatchObject({ runId: "run 2", flow: "nightly", resumes: "run 1" });
  });

  test("is told outputs of any size", async () => {
    const rows = Array.from({ length: 150_000 }, (_, at) => `file ${at}`);
    const text = "x".repeat(2_000_000);
    const f = flow("f", { rows: task("rows", () => rows), text: task("text", () => text) });
    const { entries, journal } = new Notebook();
    await f.run({ journal });
    const again = await f.run({ resumeFrom: reportOfJournal(entries) });
    expect(again.resume?.restored).toEqual(["rows", "text"]);
    expect(again.outputs.rows).toEqual(rows);
    expect(again.outputs.text === text).toBe(true);
    const stored = await f.run({ resumeFrom: written(again) });
    expect(stored.resume?.restored).toEqual(["rows", "text"]);
  });

  test("may return anything but a promise", async () => {
    const answers = [1, "stored", null, true, Symbol("s"), 1n, { ok: true }, [1], () => 1];
    for (const answer of answers) {
      const report = await flow("f", { a: task("a", () => 1) }).run({ journal: () => answer });
      expect(report.executionState).toBe("completed");
    }
  });
});

/** A graph with everything that a journal is told of: tasks, a map, a map of its results, one that nobody waits for. */
function everything(calls: string[] = []) {
  const list = task("list", () => {
    calls.push("list");
    return [1, 2, 3];
  });
  const each = map("each", list, async (item, index) => {
    calls.push(`each[${index}]`);
    return item * 10;
  });
  const again = map("again", each, (item, index) => {
    calls.push(`again[${index}]`);
    return item + 1;
  });
  const sum = task("sum", { again }, ({ again }) => {
    calls.push("sum");
    return again.reduce((a, b) => a + b);
  });
  const beside = task("beside", async () => {
    calls.push("beside");
    return "beside";
  });
  return flow("everything", { sum, beside });
}

/** Throws at its n-th entry, from 0, and at each that follows. */
function failingAt(at: number) {
  let told = 0;
  const after: JournalEntry[] = [];
  const journal = (entry: JournalEntry): void => {
    if (told++ < at) return;
    if (told > at + 1) after.push(entry);
    throw new Error("disk full");
  };
  return { journal, after, told: () => told };
}

describe("A journal that fails", () => {
  const ENTRIES = 12; // The run, list, beside, three items twice, two maps, sum.

  test.each(Array.from({ length: ENTRIES }, (_, at) => at))(
    "at its entry %i fails the run, is told no other one, and nothing starts after it",
    async (at) => {
      const calls: string[] = [];
      const { journal, after, told } = failingAt(at);
      let callsThen = -1;
      const report = await everything(calls).run({
        failure: "continue",
        journal: (entry) => {
          try {
            journal(entry);
          } catch (error) {
            callsThen = calls.length;
            throw error;
          }
        },
      });
      expect(told()).toBe(at + 1);
      expect(after).toEqual([]);
      expect(report.executionState).toBe("failed");
      expect(calls.length).toBe(callsThen);
      expect(report.errorSummary.at(-1)).toBe("The run was stopped: the journal failed: disk full");
      // The map of an item that failed has failed with it.
      const failed = report.taskStatistics.filter(({ error }) => error?.name === "JournalError");
      expect(failed).toHaveLength(at === 0 ? 0 : 1);
      for (const { taskName, error } of failed) {
        expect(error).toMatchObject({ code: "ASTRUM_JOURNAL", cause: { message: "disk full" } });
        expect(error?.message).toBe(`The journal failed at task "${taskName}": disk full`);
      }
      try {
        report.unwrap();
        expect.unreachable();
      } catch (error) {
        const { errors } = error as RunError;
        expect(errors.some((one) => one instanceof JournalError)).toBe(true);
      }
    },
  );

  test(`is told ${ENTRIES} entries when it does not`, async () => {
    const { journal, told } = failingAt(Number.POSITIVE_INFINITY);
    expect((await everything().run({ journal })).executionState).toBe("completed");
    expect(told()).toBe(ENTRIES);
  });

  test("after a run was cancelled fails the map whose item it could not keep, and that is told", async () => {
    const list = task("list", () => [1]);
    const m = map(
      "m",
      list,
      (): Promise<void> => Promise.resolve().then(() => run.cancel("enough")),
      {
        items: "settled",
        uninterruptible: true,
      },
    );
    const run = flow("f", { m, next: task("next", { m }, () => "next") }).start({
      journal: ({ task }) => {
        if (task === "m[0]") throw new Error("disk full");
      },
    });
    const report = await run.report;
    expect(report.executionState).toBe("cancelled");
    expect(statuses(report)).toMatchObject({ m: "failed", "m[0]": "failed" });
    expect(report.errorSummary).toEqual([
      'Task "m" failed: 1 of the 1 items of "m" failed: The journal failed at task "m[0]": disk full',
    ]);
  });

  test("at an item that has become a flow fails its map too, though items fail alone", async () => {
    const list = task("list", () => [1]);
    const becomes = () => flow("inner", { a: task("a", () => 1) });
    const m = map("m", list, becomes, { items: "settled" });
    const report = await flow("f", { m, next: task("next", { m }, () => "next") }).run({
      journal: ({ task }) => {
        if (task === "m[0]") throw new Error("disk full");
      },
    });
    expect(report.executionState).toBe("failed");
    const item = { "m[0]": "failed", "m[0].a": "completed" };
    expect(statuses(report)).toMatchObject({ ...item, m: "failed", next: "skipped" });
  });

  test("at the entry of a map, the last that there is to do, fails the map and the run", async () => {
    const list = task("list", () => [1, 2]);
    const m = map("m", list, (item) => item);
    for (const over of [
      m,
      map(
        "m",
        task("list", () => [] as number[]),
        (item) => item,
      ),
    ]) {
      const report = await flow("f", { m: over }).run({
        journal: ({ task }) => {
          if (task === "m") throw new Error("disk full");
        },
      });
      expect(report.executionState).toBe("failed");
      expect(statuses(report).m).toBe("failed");
      expect(report.errorSummary).toEqual([
        'The journal failed at task "m": disk full',
        "The run was stopped: the journal failed: disk full",
      ]);
      expect(report.outcome("m")).toMatchObject({
        status: "failed",
        error: { name: "JournalError", code: "ASTRUM_JOURNAL" },
      });
      expect(report.outputs).toEqual({});
    }
  });

  test("at the entry of a map calls none of those that read it, whatever they tolerate", async () => {
    const calls: string[] = [];
    const list = task("list", () => [1, 2]);
    const m = map("m", list, (item) => item, { onFailure: "ignore" });
    const other = task("other", { list }, () => calls.push("other"), { priority: -1 });
    const reads = task("reads", { m: settled(m), o: optional(m) }, () => calls.push("reads"));
    const report = await flow("f", { reads, other }).run({
      failure: "continue",
      concurrency: 1,
      journal: ({ task }) => {
        if (task === "m") throw new Error("disk full");
      },
    });
    expect(statuses(report)).toMatchObject({ m: "failed", reads: "skipped" });
    expect(report.executionState).toBe("failed");
    expect(calls).not.toContain("reads");
  });

  test("at the entry of a map gives its slot to nobody", async () => {
    const calls: string[] = [];
    const list = task("list", () => [1]);
    const m = map("m", list, () => calls.push("item"));
    const late = task("late", { list }, () => calls.push("late"), { priority: -1 });
    const report = await flow("f", { m, late }).run({
      concurrency: 1,
      failure: "continue",
      journal: ({ task }) => {
        if (task === "m") throw new Error("disk full");
      },
    });
    expect(calls).toEqual(["item"]);
    expect(statuses(report)).toMatchObject({ m: "failed", late: "cancelled" });
  });

  test("at the entry of a map is heard before what else ends in that turn", async () => {
    const calls: string[] = [];
    const list = param<number[]>("list");
    const m = map("m", list, () => calls.push("item"));
    const x = task("x", () => calls.push("x"));
    const y = task("y", { x }, () => calls.push("y"));
    const told: unknown[] = [];
    const report = await flow("f", { m, y }).run({
      params: [list.of([1])],
      failure: "continue",
      journal: ({ task }) => {
        told.push(task);
        if (task === "m") throw new Error("disk full");
      },
    });
    expect(told).toEqual([undefined, "m[0]", "m"]);
    expect(calls).toEqual(["item", "x"]);
    expect(statuses(report)).toMatchObject({ m: "failed", x: "cancelled", y: "skipped" });
  });

  test("at a restored output fails the run before anything is called, and keeps what is restored", async () => {
    const { entries, journal } = new Notebook();
    await everything().run({ journal });
    for (let at = 0; at < 5; at++) {
      const calls: string[] = [];
      const failing = failingAt(at);
      const report = await everything(calls).run({
        resumeFrom: reportOfJournal(entries.slice(0, 6)),
        journal: failing.journal,
      });
      expect(report.executionState).toBe("failed");
      expect(calls).toEqual([]);
      expect(failing.told()).toBe(at + 1);
      expect(report.resume?.restored).toContain("list");
      expect(report.errorSummary).toEqual(["The run was stopped: the journal failed: disk full"]);
    }
  });

  test("when everything is restored fails the run all the same", async () => {
    const { entries, journal } = new Notebook();
    await everything().run({ journal });
    const report = await everything().run({
      resumeFrom: reportOfJournal(entries),
      journal: failingAt(2).journal,
    });
    expect(report.executionState).toBe("failed");
    expect(report.outputs.sum).toBe(63);
  });

  test("in the documented stages fails the run, at whatever entry", async () => {
    for (let at = 0; at <= 3; at++) {
      const { journal, told } = failingAt(at);
      const report = await new DynamicScheduler(
        [
          ["a", () => 1],
          ["b", async () => 2],
          ["c", () => 3],
        ],
        [
          { taskName: "a" },
          { taskName: "b" },
          { taskName: "c", dependencies: [{ taskName: "a" }] },
        ],
        { dispatch: "stages", journal },
      ).execute();
      expect(report.executionState).toBe("failed");
      expect(told()).toBe(at + 1);
    }
  });

  test("at a tail task that nobody waited for fails that task; the run has its report", async () => {
    const clock = new VirtualClock();
    const quick = task("quick", () => 1);
    const late = task("late", () => clock.wait(10));
    const items = map(
      "items",
      task("few", () => clock.wait(5).then(() => [1, 2])),
      (item) => item,
    );
    const f = flow("f", { quick }, { tails: { late, items } });
    const seen = await escaped(async () => {
      const report = await clock.run(
        f.run({
          clock,
          journal: ({ task }) => {
            if (task === "late" || task === "items") throw new Error("disk full");
          },
        }),
      );
      expect(report.executionState).toBe("completed");
      const tail = await clock.run(report.tail);
      const of = (name: string) => tail.find(({ taskName }) => taskName === name);
      expect(of("late")?.status).not.toBe("completed");
      expect(of("items")).toMatchObject({ status: "failed", error: { name: "JournalError" } });
      expect(report.executionState).toBe("completed");
    });
    expect(seen).toEqual([]);
  });

  test("by throwing fails the task and the run, under every policy, and says so", async () => {
    for (const failure of ["stop", "drain", "continue"] as const) {
      const calls: string[] = [];
      const first = task("first", () => calls.push("first"));
      const second = task("second", { first }, () => calls.push("second"));
      const report = await flow("chain", { second }).run({
        failure,
        journal: ({ type }) => {
          if (type === "completed") throw new Error("disk full");
        },
      });
      expect(report.executionState).toBe("failed");
      expect(calls).toEqual(["first"]);
      const [line] = report.errorSummary;
      expect(line).toBe('The journal failed at task "first": disk full');
    }
  });

  test("by throwing starts nothing more, neither what runs whatever became of a task nor the next item", async () => {
    const calls: string[] = [];
    const list = task("list", () => [1, 2, 3]);
    const each = map("each", list, (item) => calls.push(`each ${item}`), { concurrency: 1 });
    const sum = task("sum", { list: settled(list), each: settled(each) }, () => calls.push("sum"));
    for (const failing of ["list", "each[0]"]) {
      const report = await flow("f", { sum }).run({
        failure: "continue",
        journal: ({ task }) => {
          if (task === failing) throw new Error("disk full");
        },
      });
      expect(report.executionState).toBe("failed");
      expect(report.errorSummary[0]).toBe(`The journal failed at task "${failing}": disk full`);
    }
    expect(calls).toEqual(["each 1"]);
  });

  test("by throwing fails the run even at a task whose failure is ignored", async () => {
    const last = task("last", () => 1, { onFailure: "ignore" });
    const report = await flow("f", { last }).run({
      journal: () => {
        throw new Error("disk full");
      },
    });
    expect(report.executionState).toBe("failed");
  });
});
