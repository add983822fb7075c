import { describe, expect, it } from "vitest";
import { flow, map, settled, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { row, statuses } from "../scenario.ts";

describe("A deferred cleanup", () => {
  it("runs after the attempt, last in first out, each awaited, before the slot is free", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const opens = task("opens", async (_, { defer }) => {
      defer(async () => {
        log.push(`close file at ${clock.now()}`);
        await clock.wait(10);
        log.push(`closed file at ${clock.now()}`);
      });
      defer(async () => {
        await clock.wait(5);
        log.push(`unlocked at ${clock.now()}`);
      });
      await clock.wait(20);
      log.push(`done at ${clock.now()}`);
      return "result";
    });
    const next = task("next", () => log.push(`next at ${clock.now()}`));
    const report = await clock.run(flow("f", { opens, next }).run({ clock, concurrency: 1 }));
    expect(log).toEqual([
      "done at 20",
      "unlocked at 25",
      "close file at 25",
      "closed file at 35",
      "next at 35",
    ]);
    expect(report.outputs.opens).toBe("result");
    expect(row(report, "opens")).toMatchObject({ endAt: 35 });
  });

  it("runs before dependents start", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const first = task("first", (_, { defer }) => {
      defer(() => clock.wait(10).then(() => log.push("cleaned")));
    });
    const second = task("second", { first }, () => log.push("second"));
    await clock.run(flow("f", { second }).run({ clock }));
    expect(log).toEqual(["cleaned", "second"]);
  });

  it("runs after every attempt, the failed ones too", async () => {
    const clock = new VirtualClock();
    const cleaned: number[] = [];
    const flaky = task(
      "flaky",
      (_, { attempt, defer }) => {
        defer(() => cleaned.push(attempt));
        if (attempt < 3) throw new Error("again");
      },
      { retry: 2 },
    );
    const report = await clock.run(flow("f", { flaky }).run({ clock }));
    expect(cleaned).toEqual([1, 2, 3]);
    expect(report.executionState).toBe("completed");
  });

  it("runs after an attempt that was aborted, with a fresh signal", async () => {
    const clock = new VirtualClock();
    let fresh: boolean | undefined;
    const runs = task("runs", async (_, { signal, defer }) => {
      defer(async (cleanupSignal) => {
        fresh = !cleanupSignal.aborted && cleanupSignal !== signal;
        await clock.wait(5, cleanupSignal);
      });
      await clock.wait(100, signal);
    });
    const run = flow("f", { runs }).start({ clock });
    await clock.advance(10);
    run.cancel();
    const report = await clock.run(run.report);
    expect(fresh).toBe(true);
    expect(report.totalDurationMs).toBe(15);
    expect(row(report, "runs").status).toBe("cancelled");
    // It obeyed: the time its cleanup took is not held against it.
    expect(row(report, "runs").ignoredSignal).toBeUndefined();
  });

  it("runs after an attempt that ran over its time limit", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const slow = task(
      "slow",
      async (_, { signal, defer }) => {
        defer(() => log.push("cleaned"));
        await clock.wait(100, signal);
      },
      { timeoutMs: 10 },
    );
    await clock.run(flow("f", { slow }).run({ clock }));
    expect(log).toEqual(["cleaned"]);
  });

  it("that fails makes a completed attempt a failed one", async () => {
    const clock = new VirtualClock();
    const wrong = new Error("cannot unlock");
    const completes = task("completes", (_, { defer }) => {
      defer(() => {
        throw wrong;
      });
      return 1;
    });
    const report = await clock.run(flow("f", { completes }).run({ clock }));
    expect(report.outcome(completes)).toEqual({ status: "failed", error: wrong, timedOut: false });
    expect(report.outputs).toEqual({});
  });

  it("that fails is attached to the error of a failed attempt, which keeps its message", async () => {
    const clock = new VirtualClock();
    const first = new Error("the work");
    const second = new Error("the cleanup");
    const fails = task("fails", (_, { defer }) => {
      defer(() => Promise.reject(second));
      throw first;
    });
    const report = await clock.run(flow("f", { fails }).run({ clock }));
    const { error } = report.outcome(fails) as { error: AggregateError };
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.message).toBe("the work");
    expect(error.errors).toEqual([first, second]);
  });

  it("that fails keeps none of the others from running", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const fails = task("fails", (_, { defer }) => {
      defer(() => log.push("first"));
      defer(() => {
        throw new Error("second");
      });
      defer(() => log.push("third"));
    });
    await clock.run(flow("f", { fails }).run({ clock }));
    expect(log).toEqual(["third", "first"]);
  });

  it("of a non-retryable failure does not make it retryable", async () => {
    const clock = new VirtualClock();
    let calls = 0;
    const fails = task(
      "fails",
      (_, { defer }) => {
        calls++;
        defer(() => {
          throw new Error("the cleanup");
        });
        throw Object.assign(new Error("never again"), { retryable: false });
      },
      { retry: 3 },
    );
    await clock.run(flow("f", { fails }).run({ clock }));
    expect(calls).toBe(1);
  });

  it("may be registered by a cleanup, and then runs next", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const nests = task("nests", (_, { defer }) => {
      defer(() => log.push("outermost"));
      defer(() => {
        log.push("outer");
        defer(() => log.push("inner"));
      });
    });
    await clock.run(flow("f", { nests }).run({ clock }));
    expect(log).toEqual(["outer", "inner", "outermost"]);
  });

  it("is refused when the attempt has ended, and when it is no function", async () => {
    const clock = new VirtualClock();
    let late: ((cleanup: () => void) => void) | undefined;
    const ends = task("ends", (_, { defer }) => {
      late = defer;
    });
    const wrong = task("wrong", (_, { defer }) => defer("text" as never));
    const report = await clock.run(flow("f", { ends, wrong }).run({ clock, failure: "continue" }));
    expect(() => late?.(() => {})).toThrow('Task "ends" has ended');
    expect(report.errorSummary).toEqual([
      'Task "wrong" failed: context.defer() needs a function, got "text"',
    ]);
  });

  it("is one of each item in a map", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const list = task("list", () => ["a", "b"]);
    const items = map("items", list, (item, _, { defer, taskName }) => {
      defer(() => log.push(`${taskName} ${item}`));
    });
    const seen = task("seen", { items: settled(items) }, ({ items }) => items.status);
    const report = await clock.run(flow("f", { seen }).run({ clock }));
    expect(log).toEqual(["items[0] a", "items[1] b"]);
    expect(statuses(report)).toMatchObject({ seen: "completed", "items[1]": "completed" });
  });
});
