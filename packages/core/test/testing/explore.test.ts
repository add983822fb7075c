import { describe, expect, it } from "vitest";
import { type Flow, flow, task } from "../../src/index.ts";
import {
  BrokenSchedule,
  type ExploreOptions,
  explore,
  replay,
  type VirtualClock,
} from "../../src/testing.ts";

/** What `explore()` throws. */
async function broken<O>(
  made: Flow<O> | ((clock: VirtualClock) => Flow<O>),
  options: ExploreOptions<O>,
): Promise<BrokenSchedule> {
  const error: unknown = await explore(made, options).then(
    () => new Error("nothing broke"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BrokenSchedule)) throw error;
  return error;
}

/** Three that add one each to what they read before they waited: a lost update, unless they come one after the other. */
const counting = (clock: VirtualClock) => {
  let sum = 0;
  const add = (name: string) =>
    task(name, async () => {
      const read = sum;
      await clock.wait(name === "c" ? 30 : 10);
      sum = read + 1;
      return sum;
    });
  const [a, b, c] = [add("a"), add("b"), add("c")];
  const total = task("total", { a, b, c }, () => sum);
  return flow("count", { total });
};

/** Six that write down when they ended: one order of 720 is wrong. */
const ordered = (): Flow<{ readonly written: string }> => {
  const ends: string[] = [];
  const parts = ["a", "b", "c", "d", "e", "f"].map((name) =>
    task(name, () => void ends.push(name)),
  );
  const inputs = Object.fromEntries(parts.map((part) => [part.name, part]));
  return flow("ordered", { written: task("written", inputs, () => ends.join("")) });
};

describe("explore() finds a schedule that breaks the check", () => {
  it("and says it as a trace, with the way to run it again", async () => {
    const check: ExploreOptions<{ readonly total: number }>["check"] = (report) => {
      if (report.unwrap().total !== 3) throw new Error("an update was lost");
    };
    const error = await broken(counting, { check });
    expect(error.cause).toEqual(new Error("an update was lost"));
    expect(error.message).toContain("an update was lost\nRun 1 of seed 1 broke the check");
    expect(error.message).toContain("  0 begin → start a, start b, start c\n");
    expect(error.message).toMatch(/\nAgain: explore\(flow, \{ schedule: "[^"]*", … \}\)$/);
    const again = await broken(counting, { check, schedule: error.schedule });
    expect(again.trace).toEqual(error.trace);
    expect(again.foundInRun).toBe(1);
  });

  it("that happens in one order of 720, and shrinks it", async () => {
    const wrong = "bdface";
    const error = await broken(ordered, {
      runs: 5000,
      check: (report) => {
        if (report.unwrap().written === wrong) throw new Error(`ended as ${wrong}`);
      },
    });
    expect(error.foundInRun).toBeGreaterThan(1);
    // Of six, five had to be held back or brought forward at most.
    expect(error.schedule.split(" ").length).toBeLessThanOrEqual(6);
    const report = replay(error.plan, error.recording);
    expect(report.executionState).toBe("completed");
    expect(report.outputs).toEqual({ written: wrong });
    expect(error.trace.filter((line) => line.includes("returned")).length).toBe(7);
  });

  it("the same with the same seed, another one with another", async () => {
    const check: ExploreOptions<{ readonly written: string }>["check"] = (report) => {
      if (report.unwrap().written.startsWith("f")) throw new Error("f came first");
    };
    const first = await broken(ordered, { check, seed: 3 });
    const second = await broken(ordered, { check, seed: 3 });
    expect([first.schedule, first.foundInRun, first.trace]).toEqual([
      second.schedule,
      second.foundInRun,
      second.trace,
    ]);
    // One decision is enough: that f goes first.
    expect(first.schedule).toMatch(/^\d+:\d+$/);
  });

  it("in which an attempt failed after its work was done, and its retry does it twice", async () => {
    let charged = 0;
    const error = await broken(
      () => {
        charged = 0;
        return flow("shop", { paid: task("paid", () => ++charged, { retry: 2 }) });
      },
      {
        check: () => {
          if (charged > 1) throw new Error("charged twice");
        },
      },
    );
    expect(error.trace.join("\n")).toContain("paid threw → start paid again");
  });

  it("in which the run was aborted, when that is asked for", async () => {
    const made = (clock: VirtualClock): Flow<{ readonly second: string }> => {
      const first = task("first", () => clock.wait(10));
      return flow("two", { second: task("second", { first }, () => "done") });
    };
    const check = (report: { readonly executionState: string }): void => {
      if (report.executionState === "cancelled") throw new Error("it was cancelled");
    };
    const error = await broken(made, { check, cancels: true });
    expect(error.trace.join("\n")).toContain("stop: aborted");
    await expect(explore(made, { check, runs: 50 })).resolves.toMatchObject({ runs: 50 });
  });

  it("in tasks that follow a script", async () => {
    const never = (): never => {
      throw new Error("not called");
    };
    const a = task("a", never, { onFailure: "ignore" });
    const b = task("b", never);
    const error = await broken(flow("scripted", { a, b }), {
      scripted: { a: { ms: 10, throw: "down" }, b: [{ ms: 20, return: 1 }] },
      run: { concurrency: 2 },
      check: (report) => {
        const [first] = report.analysis.criticalPath;
        if (first?.task === "a") throw new Error("a ended last");
      },
    });
    expect(error.cause).toEqual(new Error("a ended last"));
  });
});

describe("When nothing breaks", () => {
  it("it says how many runs there were, and how many of them differed", async () => {
    const explored = await explore(ordered, { runs: 200, check: () => {} });
    expect(explored.runs).toBe(200);
    expect(explored.schedules).toBeGreaterThan(100);
  });

  it("a chain of tasks without a choice is one schedule", async () => {
    const a = task("a", () => 1);
    const chain = flow("chain", { b: task("b", { a }, () => 2) });
    expect(await explore(chain, { runs: 20, check: (report) => report.unwrap() })).toEqual({
      runs: 20,
      schedules: 1,
    });
  });

  it("time limits and back-offs come when they come, and what lives is released", async () => {
    let open = 0;
    await explore(
      (clock) => {
        open = 0;
        const db = task("db", async () => ++open, { release: () => void open--, retry: 1 });
        const slow = task("slow", { db }, (_, { signal }) => clock.wait(100, signal), {
          timeoutMs: 50,
          onFailure: "ignore",
          retry: { attempts: 1, baseMs: 20 },
        });
        return flow("living", { slow, other: task("other", { db }, () => clock.wait(10)) });
      },
      {
        runs: 300,
        cancels: true,
        check: () => {
          if (open !== 0) throw new Error("it was left open");
        },
      },
    );
  });
});

describe("Refused is", () => {
  it("what is no flow, and each option that is not what it may be, all at once", async () => {
    const options = {
      runs: 0,
      seed: -1,
      cancels: 1,
      run: { clock: 1, concurrency: 0 },
      schedule: "x",
      iterations: 3,
    };
    const error: Error = await explore(7 as never, options as never).then(
      () => new Error("nothing was refused"),
      (thrown) => thrown,
    );
    for (const part of [
      "explore() needs a flow, made with flow(), or a function that makes one, got `7`",
      "Expected `check` to be a function, got `undefined`",
      "Expected `runs` to be an integer from 1 up, got `0`",
      "Expected `seed` to be an integer from 0 up, got `-1`",
      "Expected `cancels` to be true or false, got `1`",
      "`run.clock` is what explore() decides: leave it out",
      "Expected `concurrency` to be an integer from 1 up",
      'Expected `schedule` to be the `schedule` of a BrokenSchedule, got `"x"`',
      "Unknown option `iterations`.",
    ]) {
      expect(error.message).toContain(part.replace("`7`", "7").slice(0, 70));
    }
  });

  it("a function that makes no flow, and a script for no task", async () => {
    const check = (): void => {};
    await expect(explore((() => 1) as never, { check })).rejects.toThrow(
      "explore() needs a flow, made with flow(), or a function that makes one, got 1",
    );
    await expect(explore(ordered, { check, scripted: { g: { ms: 1 } } })).rejects.toThrow(
      '`stubs` names "g", which is no task of "ordered"',
    );
  });

  it("a check whose answer depends on what is outside of the flow", async () => {
    let asked = 0;
    await expect(
      explore(ordered(), {
        check: () => {
          if (++asked === 2) throw new Error("the second one");
        },
      }),
    ).rejects.toThrow("a schedule broke the check, and did not when it was run again");
  });
});
