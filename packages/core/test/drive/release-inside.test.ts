/** What lives inside of a task is released at the end of its flow, whichever way that ends. */
import { describe, expect, it } from "vitest";
import {
  type Flow,
  flow,
  LostError,
  PlanError,
  type RunOptions,
  reportOfJournal,
  subflow,
  type Task,
  task,
} from "../../src/index.ts";
import { recorded, replay, VirtualClock } from "../../src/testing.ts";
import { Diary, Gate, Notebook, row, statuses } from "../scenario.ts";

/** A flow with a database, made within 1 ms and released within 3, and the ways to put it inside of a task. */
class Yard {
  readonly clock: VirtualClock = new VirtualClock();
  readonly diary: Diary = new Diary(this.clock);
  readonly released: [value: unknown, at: number][] = [];

  db(options: { fail?: Error; lost?: Promise<unknown> } = {}): Task<string> {
    const { fail, lost } = options;
    return task("db", this.diary.task({ ms: 1, return: "db!" }), {
      release: async (value) => {
        this.released.push([value, this.clock.now()]);
        await this.clock.wait(3);
        if (fail !== undefined) throw fail;
      },
      ...(lost !== undefined && { lost: () => lost }),
    }) as Task<string>;
  }

  /** Reads the database for 5 ms, unless it fails. */
  inner(options: { fails?: Error; release?: Error; lost?: Promise<unknown> } = {}) {
    const db = this.db({ ...(options.release && { fail: options.release }), ...options });
    const work = options.fails === undefined ? { ms: 5 } : { ms: 5, throw: options.fails };
    const query = task("query", { db }, this.diary.task(work));
    return flow("inner", { query });
  }

  run<O>(one: Flow<O>, options: RunOptions = {}) {
    return this.clock.run(one.run({ clock: this.clock, ...options }));
  }
}

type Make = (name: string, inner: () => Flow<unknown>) => Task<unknown>;
const ways: [way: string, make: Make][] = [
  ["a subflow", (name, inner) => subflow(name, inner())],
  ["a flow that is returned", (name, inner) => task(name, inner) as Task<unknown>],
];

describe.each(ways)("What lives in %s", (_, make) => {
  it("is released when its last reader has ended, and before the task has its value", async () => {
    const yard = new Yard();
    const one = make("one", () => yard.inner());
    const next = task("next", { one }, yard.diary.task({ ms: 2 }));
    const report = await yard.run(flow("outer", { next }));
    expect(yard.released).toEqual([["db!", 6]]);
    expect(row(report, "one.db")).toMatchObject({ releasedAt: 9, releaseMs: 3 });
    expect(row(report, "next")).toMatchObject({ status: "completed", startAt: 9 });
  });

  it("is released when the flow fails, and the run goes on after that", async () => {
    const yard = new Yard();
    const one = make("one", () => yard.inner({ fails: new Error("no") }));
    const report = await yard.run(flow("outer", { one }), { failure: "continue" });
    expect(yard.released).toEqual([["db!", 6]]);
    expect(statuses(report)).toMatchObject({ one: "failed", "one.query": "failed" });
  });

  it("is released when the task is called off, or the run is", async () => {
    for (const stop of ["task", "run"]) {
      const yard = new Yard();
      const run = flow("outer", { one: make("one", () => yard.inner()) }).start({
        clock: yard.clock,
      });
      yard.clock.after(3, () => (stop === "run" ? run.cancel() : run.cancelTask("one")));
      const report = await yard.clock.run(run.report);
      expect(yard.released).toEqual([["db!", 3]]);
      expect(statuses(report)).toMatchObject({ one: "cancelled", "one.db": "completed" });
      expect(row(report, "one.db").releasedAt).toBe(6);
    }
  });

  it("fails the run at its end when it cannot be released, and not the task", async () => {
    const yard = new Yard();
    const one = make("one", () => yard.inner({ release: new Error("stuck") }));
    const next = task("next", { one }, yard.diary.task({ ms: 2 }));
    const report = await yard.run(flow("outer", { next }));
    expect(statuses(report)).toMatchObject({ one: "completed", next: "completed" });
    expect(report.executionState).toBe("failed");
    expect(row(report, "one.db").releaseError?.message).toBe("stuck");
  });

  it("fails those that read it when it goes by itself", async () => {
    const yard = new Yard();
    const gone = new Gate();
    const one = make("one", () => yard.inner({ lost: gone.promise }));
    yard.clock.after(3, () => gone.open());
    const report = await yard.run(flow("outer", { one }));
    expect(statuses(report)).toMatchObject({ one: "failed", "one.query": "failed" });
    const outcome = report.outcome("one.query");
    expect(outcome.status === "failed" && outcome.error).toBeInstanceOf(LostError);
    expect(yard.released.length).toBe(1);
  });

  it("is there for the finally tasks of its flow", async () => {
    const yard = new Yard();
    const one = make("one", () => {
      const db = yard.db();
      const query = task("query", { db }, yard.diary.task({ ms: 5 }));
      const tidy = task("tidy", { db }, yard.diary.task({ ms: 4 }));
      return flow("inner", { query }, { finally: { tidy } });
    });
    const report = await yard.run(flow("outer", { one }));
    expect(report.executionState).toBe("completed");
    expect(yard.released).toEqual([["db!", 10]]);
    expect(row(report, "one.db").releasedAt).toBe(13);
  });

  it("keeps a tail from ending, and the run from closing, but not from settling", async () => {
    const yard = new Yard();
    const tail = make("tail", () => yard.inner());
    const report = await yard.run(
      flow("outer", { main: task("main", () => 1) }, { tails: { tail } }),
    );
    expect(yard.released).toEqual([]);
    await yard.clock.run(report.tail);
    expect(yard.released).toEqual([["db!", 6]]);
  });

  it("is replayed from its events", async () => {
    const yard = new Yard();
    const outer = flow("outer", { one: make("one", () => yard.inner()) });
    const { options, recording } = recorded({ clock: yard.clock });
    const report = await yard.clock.run(outer.run(options));
    expect(replay(outer.plan(), recording).toJSON()).toEqual(report.toJSON());
  });

  it("is not started again by a run that needs none of it", async () => {
    const yard = new Yard();
    const outer = (of: Yard) => {
      const one = make("one", () => {
        const db = of.db();
        const query = task("query", { db }, of.diary.task({ ms: 5 }));
        return flow("inner", { last: task("last", { query }, of.diary.task({ ms: 5 })) });
      });
      return flow("outer", { one });
    };
    const notebook = new Notebook();
    await yard.run(outer(yard), { journal: notebook.journal });
    const stored = notebook.entries.filter(({ task }) => task !== "one" && task !== "one.last");
    const again = new Yard();
    const report = await again.run(outer(again), { resumeFrom: reportOfJournal(stored) });
    expect(again.diary.started).toEqual(["one.last"]);
    expect(row(report, "one.db").status).toBe("skipped");
    expect(report.resume?.rerun.map(({ task }) => task)).not.toContain("one.db");
  });

  it("cannot be what the flow gives", async () => {
    const yard = new Yard();
    const inner = () => flow("inner", { db: yard.db() });
    const message = 'Task "one.db" has `release` and is a root of the flow inside of "one"';
    const plan = () => flow("outer", { one: make("one", inner) });
    const failed = await Promise.resolve()
      .then(() => yard.run(plan(), { failure: "continue" }))
      .then((report) => report.outcome("one"))
      .then(
        (outcome) => outcome.status === "failed" && outcome.error,
        (error: unknown) => error,
      );
    expect(failed).toBeInstanceOf(PlanError);
    expect(String(failed)).toContain(message);
    expect(yard.released).toEqual([]);
  });
});

describe("A task with `release`", () => {
  it("cannot return a flow: what lives is for the tasks of that to release", async () => {
    const yard = new Yard();
    const one = task("one", () => yard.inner(), {
      release: (value) => yard.released.push([value, 0]),
    });
    const report = await yard.run(flow("outer", { one }));
    const outcome = report.outcome("one");
    expect(outcome.status === "failed" && outcome.error).toBeInstanceOf(PlanError);
    expect(yard.released).toEqual([]);
  });
});
