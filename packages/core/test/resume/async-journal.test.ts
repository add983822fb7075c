/** A journal that takes its time: a task completes when its entry is stored, and nothing else waits for that. */
import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  type Flow,
  flow,
  type JournalEntry,
  map,
  optional,
  param,
  type RunOptions,
  reportOfJournal,
  type SchedulerOptions,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { escaped, row, statuses, written } from "../scenario.ts";

/** Stores each entry after so many milliseconds; `told` has what it was told and has stored, in order. */
class SlowJournal {
  readonly told: string[] = [];
  readonly stored: JournalEntry[] = [];
  #open = 0;
  most = 0;
  readonly #clock: VirtualClock;
  readonly #ms: number;
  readonly #fails: (entry: JournalEntry) => boolean;

  constructor(
    clock: VirtualClock,
    ms: number,
    fails: (entry: JournalEntry) => boolean = () => false,
  ) {
    this.#clock = clock;
    this.#ms = ms;
    this.#fails = fails;
  }

  readonly journal = async (entry: JournalEntry): Promise<void> => {
    this.told.push(`told ${nameOf(entry)}`);
    this.most = Math.max(this.most, ++this.#open);
    await this.#clock.wait(this.#ms);
    this.#open--;
    if (this.#fails(entry)) throw new Error("no database");
    this.stored.push(structuredClone(entry));
    this.told.push(`stored ${nameOf(entry)}`);
  };
}

function nameOf({ type, task }: JournalEntry): string {
  return String(task ?? type);
}

function chain(calls: string[]): Flow<{ readonly second: number }> {
  const first = task("first", () => {
    calls.push("first");
    return 1;
  });
  const second = task("second", { first }, ({ first }) => {
    calls.push("second");
    return first + 1;
  });
  return flow("chain", { second });
}

describe("A journal that returns a promise", () => {
  it("has stored the start before anything is called, and each result before a dependent is", async () => {
    const clock = new VirtualClock();
    const { told, journal } = new SlowJournal(clock, 5);
    const report = await clock.run(chain(told).run({ clock, journal }));
    expect(report.executionState).toBe("completed");
    expect(told).toEqual([
      "told started",
      "stored started",
      "first",
      "told first",
      "stored first",
      "second",
      "told second",
      "stored second",
    ]);
    expect(report.totalDurationMs).toBe(15);
    expect(row(report, "first").journalMs).toBe(5);
    expect(report.analysis.criticalPath.length).toBeGreaterThan(0);
  });

  it("shows the task as running meanwhile, which holds no slot, and is told one entry at a time", async () => {
    const clock = new VirtualClock();
    const slow = new SlowJournal(clock, 10);
    const list = task("list", () => [1, 2, 3]);
    const rows = map("rows", list, async (item) => {
      await clock.wait(1);
      return item;
    });
    const run = flow("f", { rows }).start({ clock, journal: slow.journal, concurrency: 1 });
    await clock.advance(24);
    // The list is stored at 20; the items run one after the other while the first is being stored.
    expect(run.snapshot().counts.running).toBeGreaterThan(1);
    const report = await clock.run(run.report);
    expect(report.unwrap().rows).toEqual([1, 2, 3]);
    expect(slow.most).toBe(1);
    expect(report.peakConcurrency).toBe(1);
    // started, list, three items, the map: each after the one before.
    expect(report.totalDurationMs).toBe(61);
    expect(row(report, "rows").journalMs).toBe(10);
    const again = await flow("f", { rows }).run({ resumeFrom: reportOfJournal(slow.stored) });
    expect(again.restoredTasks).toBe(2);
  });

  it("that is rejected fails the task and the run, and leaves no rejection behind", async () => {
    const seen = await escaped(async () => {
      for (const settled of [false, true]) {
        const clock = new VirtualClock();
        const calls: string[] = [];
        const slow = new SlowJournal(clock, 5, ({ task }) => task === "first");
        const end = task("end", () => calls.push("end"));
        const first = task("first", () => 1, { onFailure: settled ? "ignore" : "fail" });
        const second = task("second", { first: optional(first) }, () => calls.push("second"));
        const report = await clock.run(
          flow("f", { second }, { finally: { end } }).run({
            clock,
            journal: slow.journal,
            failure: "continue",
          }),
        );
        expect(report.executionState).toBe("failed");
        expect(calls).toEqual(["end"]);
        expect(report.errorSummary).toContain(
          "The run was stopped: the journal failed: no database",
        );
        expect(row(report, "first").error?.name).toBe("JournalError");
        expect(slow.told).toEqual(["told started", "stored started", "told first"]);
      }
    });
    expect(seen).toEqual([]);
  });

  it("that is rejected at the start stops the run before anything is called", async () => {
    const clock = new VirtualClock();
    const calls: string[] = [];
    const slow = new SlowJournal(clock, 5, ({ type }) => type === "started");
    const report = await clock.run(chain(calls).run({ clock, journal: slow.journal }));
    expect(calls).toEqual([]);
    expect(report.errorSummary).toEqual(["The run was stopped: the journal failed: no database"]);
  });

  it("lets a result count that is being stored when the run is stopped", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const slow = new SlowJournal(clock, 10);
    const run = chain([]).run({ clock, journal: slow.journal, signal: controller.signal });
    await clock.advance(15);
    controller.abort();
    const report = await clock.run(run);
    expect(report.executionState).toBe("cancelled");
    expect(row(report, "first").status).toBe("completed");
    expect(row(report, "second").status).toBe("skipped");
    expect(slow.stored.map(nameOf)).toEqual(["started", "first"]);
  });

  it("may be a thenable that does its work when it is awaited, or answer at once now and then", async () => {
    const calls: string[] = [];
    const stored: string[] = [];
    const journal = (entry: JournalEntry): unknown => {
      if (entry.type === "started") return void stored.push("started");
      const query = {
        // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
        then: (resolve: () => void) => {
          stored.push(nameOf(entry));
          resolve();
        },
      };
      return query;
    };
    const report = await chain(calls).run({ journal });
    expect(report.unwrap().second).toBe(2);
    expect(stored).toEqual(["started", "first", "second"]);
  });

  it("is waited for with what is taken over and what is found", async () => {
    const clock = new VirtualClock();
    const calls: string[] = [];
    const resumeFrom = written(await chain([]).run());
    const slow = new SlowJournal(clock, 5);
    const report = await clock.run(chain(calls).run({ clock, resumeFrom, journal: slow.journal }));
    expect(calls).toEqual([]);
    expect(report.restoredTasks).toBe(2);
    expect(slow.stored.map(nameOf)).toEqual(["started", "first", "second"]);
    const cache = new Map<string, string>();
    const made = (): Flow<unknown> => {
      const a = task("a", () => 1, { cache: {} });
      return flow("cached", {
        b: map(
          "b",
          task("l", { a }, ({ a }) => [a, 2]),
          (n) => n,
          { cache: {} },
        ),
      });
    };
    await made().run({ cache });
    const found = new SlowJournal(clock, 5);
    const options: RunOptions = { clock, cache, journal: found.journal };
    const second = await clock.run(made().run(options));
    expect(second.executionState).toBe("completed");
    expect(found.stored.map(nameOf)).toEqual(["started", "a", "l", "b[0]", "b[1]", "b"]);
  });

  it("releases what lives and was not stored", async () => {
    const clock = new VirtualClock();
    const released: string[] = [];
    const db = task("db", () => "a database", { release: (value) => released.push(value) });
    const read = task("read", { db }, () => 1);
    const slow = new SlowJournal(clock, 5, ({ task }) => task === "db");
    const report = await clock.run(flow("f", { read }).run({ clock, journal: slow.journal }));
    expect(report.executionState).toBe("failed");
    expect(released).toEqual(["a database"]);
  });

  it("that is rejected leaves finally tasks, and what it spared, as they are, and is told nothing more", async () => {
    const clock = new VirtualClock();
    const slow = new SlowJournal(clock, 5, ({ task }) => task === "first");
    const first = task("first", () => 1);
    const spared = task("spared", () => clock.wait(30), { uninterruptible: true });
    const close = task("close", () => "closed");
    const end = task("end", { close }, ({ close }) => close);
    const report = await clock.run(
      flow("f", { first, spared }, { finally: { close, end } }).run({
        clock,
        journal: slow.journal,
      }),
    );
    expect(statuses(report)).toEqual({
      first: "failed",
      spared: "completed",
      close: "completed",
      end: "completed",
    });
    expect(report.outcome(end)).toMatchObject({ value: "closed" });
    expect(report.errorSummary).toHaveLength(2);
    expect(slow.told).toEqual(["told started", "stored started", "told first"]);
  });

  it("that is rejected fails all whose entries waited for their turn, told of none of them", async () => {
    const clock = new VirtualClock();
    const slow = new SlowJournal(clock, 5, ({ task }) => task === "list[0]");
    const list = map(
      "list",
      task("numbers", () => Array.from({ length: 10_000 }, (_, n) => n)),
      (n) => n,
      { items: "settled" },
    );
    const report = await clock.run(flow("f", { list }).run({ clock, journal: slow.journal }));
    expect(report.executionState).toBe("failed");
    expect(report.successfulTasks).toBe(1);
    expect(slow.told.at(-1)).toBe("told list[0]");
  });

  it("stops the run in the moment in which it is rejected, though something else ends in that moment, too", async () => {
    const clock = new VirtualClock();
    const calls: string[] = [];
    const slow = new SlowJournal(clock, 5, ({ task }) => task === "first");
    for (const ms of [4, 5, 6]) {
      calls.length = 0;
      const first = task("first", () => 1);
      const others = Array.from({ length: 20 }, (_, n) => {
        const other = task(`other ${n}`, async () => {
          await clock.wait(ms);
          for (let turn = 0; turn < n; turn++) await undefined;
        });
        return task(`after ${n}`, { other }, () => calls.push("called"));
      });
      const roots = { first, ...Object.fromEntries(others.entries()) };
      const report = await clock.run(flow("f", roots).run({ clock, journal: slow.journal }));
      expect(report.executionState).toBe("failed");
      expect(report.successfulTasks).toBe(0);
      expect(calls).toEqual([]);
    }
  });

  it("has stored items that were found, or stand elsewhere now, before another one of their map is called", async () => {
    const numbers = param<readonly number[]>("numbers");
    const calls: string[] = [];
    const one = (n: number): number => {
      calls.push(`called ${n}`);
      if (n === 3) throw new Error("no");
      return n;
    };
    const made = flow("f", { list: map("list", numbers, one, { items: "settled", cache: {} }) });
    const cache = new Map<string, string>();
    const resumeFrom = written(await made.run({ cache, params: { numbers: [1, 2] } }));
    const entries = {
      found: ["list[0]", "list[1]"],
      // Those of the earlier run; then each at a place where nothing stood, and at its own.
      moved: ["list[0]", "list[1]", "list[3]", "list[4]", "list[0]", "list[1]"],
    };
    for (const how of ["found", "moved"] as const) {
      for (const failing of ["none", ...entries[how]]) {
        const clock = new VirtualClock();
        const slow = new SlowJournal(clock, 5, ({ task }) => task === failing);
        calls.length = 0;
        const report = await clock.run(
          made.run({
            clock,
            journal: slow.journal,
            params: { numbers: [2, 1, 3] },
            ...(how === "found" ? { cache } : { resumeFrom }),
          }),
        );
        expect(report.executionState).toBe(failing === "none" ? "completed" : "failed");
        expect(calls).toEqual(failing === "none" ? ["called 3"] : []);
        if (failing !== "none") continue;
        expect(slow.stored.map(nameOf)).toEqual(["started", ...entries[how]]);
        expect(row(report, "list[2]").startAt).toBe(5 * slow.stored.length);
      }
    }
  });

  it("is waited for when its run is called off or its time is up, as long as it takes, from its first entry on", async () => {
    for (const at of ["started", "first"]) {
      for (const fails of [false, true]) {
        const clock = new VirtualClock();
        const calls: string[] = [];
        let answer: (error?: Error) => void = () => {};
        const journal = (entry: JournalEntry): unknown =>
          nameOf(entry) === at &&
          new Promise<void>((resolve, reject) => {
            answer = (error) => (error === undefined ? resolve() : reject(error));
          });
        const run = chain(calls).start({ clock, journal, graceMs: 10, timeoutMs: 1000 });
        let settled = false;
        void run.report.then(() => (settled = true));
        await clock.advance(1);
        run.cancel("enough");
        run.cancel("enough");
        await clock.advance(100_000);
        expect(settled).toBe(false);
        answer(fails ? new Error("too late") : undefined);
        const report = await clock.run(run.report);
        expect(report.executionState).toBe("cancelled");
        expect(calls).toEqual(at === "started" ? [] : ["first"]);
        const status = at === "started" ? "skipped" : fails ? "failed" : "completed";
        expect(statuses(report)).toEqual({ first: status, second: "skipped" });
      }
    }
  });
});

describe("A journal that returns a promise, by stages", () => {
  const staged = (
    clock: VirtualClock,
    calls: string[],
    options: SchedulerOptions = {},
  ): DynamicScheduler => {
    const call = (name: string): (() => string) => {
      return () => {
        calls.push(name);
        return name;
      };
    };
    return DynamicScheduler.from(
      {
        first: { run: call("first") },
        beside: { run: call("beside") },
        second: { run: call("second"), dependencies: ["first", "beside"] },
        tail: { run: call("tail"), dependencies: ["first", "beside"] },
      },
      { dispatch: "stages", clock, ignoreTailTasks: ["tail"], ...options },
    );
  };

  it("is waited for as by dependencies, and no slot is held meanwhile", async () => {
    const clock = new VirtualClock();
    const { told, journal } = new SlowJournal(clock, 5);
    const scheduler = staged(clock, told, { journal, concurrency: 1 });
    const run = scheduler.execute();
    await clock.advance(4);
    expect(scheduler.stageStatus).toBe("pending");
    const report = await clock.run(run);
    expect(report.executionState).toBe("completed");
    // Both of the first stage before any of the second, one at a time.
    expect(told.slice(0, 8)).toEqual([
      "told started",
      "stored started",
      "first",
      "told first",
      "beside",
      "stored first",
      "told beside",
      "stored beside",
    ]);
    expect(report.peakConcurrency).toBe(1);
    expect(row(report, "first").journalMs).toBe(5);
    expect(row(report, "beside").journalMs).toBe(10);
    expect(row(report, "second").startAt).toBe(15);
  });

  it("that is rejected fails the task and the run, and leaves no rejection behind", async () => {
    const seen = await escaped(async () => {
      for (const at of ["started", "first", "beside"]) {
        const clock = new VirtualClock();
        const calls: string[] = [];
        const slow = new SlowJournal(clock, 5, (entry) => nameOf(entry) === at);
        const { journal } = slow;
        const report = await clock.run(staged(clock, calls, { journal }).execute());
        await clock.run(report.tail);
        expect(report.executionState).toBe("failed");
        expect(calls).toEqual(at === "started" ? [] : ["first", "beside"]);
        expect(report.errorSummary).toContain(
          "The run was stopped: the journal failed: no database",
        );
        expect(slow.told.at(-1)).toBe(`told ${at}`);
        if (at === "started") continue;
        expect(row(report, at).error?.name).toBe("JournalError");
        expect(statuses(report)).toMatchObject({ second: "skipped", tail: "skipped" });
        expect(statuses(report).first).toBe(at === "first" ? "failed" : "completed");
      }
    });
    expect(seen).toEqual([]);
  });

  it("lets a result count that is being stored when the run is stopped", async () => {
    const clock = new VirtualClock();
    const calls: string[] = [];
    const slow = new SlowJournal(clock, 10);
    const run = staged(clock, calls, { journal: slow.journal }).start();
    await clock.advance(15);
    run.cancel();
    run.cancelTask("first");
    const report = await clock.run(run.report);
    expect(report.executionState).toBe("cancelled");
    expect(calls).toEqual(["first", "beside"]);
    expect(statuses(report)).toEqual({
      first: "completed",
      beside: "completed",
      second: "skipped",
      tail: "skipped",
    });
    expect(slow.stored.map(nameOf)).toEqual(["started", "first", "beside"]);
  });

  it("that is rejected at a tail that goes on after the run fails that task alone", async () => {
    const clock = new VirtualClock();
    const slow = new SlowJournal(clock, 5, ({ task }) => task === "tail");
    const report = await clock.run(staged(clock, [], { journal: slow.journal }).execute());
    expect(report.executionState).toBe("completed");
    const [tail] = await clock.run(report.tail);
    expect(tail).toMatchObject({ taskName: "tail", status: "failed" });
  });
});
