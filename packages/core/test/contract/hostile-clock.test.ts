import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/contract/clock.ts";
import { type Clock, ClockError, flow, map, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { escaped, row, statuses } from "../scenario.ts";

/** A clock of one's own that counts up by one millisecond a reading, until `breaks` says otherwise. */
function counting(breaks: (reading: number) => unknown): Clock {
  let readings = 0;
  let now = 0;
  const read = (): number => {
    const odd = breaks(++readings);
    return odd === undefined ? ++now : (odd as number);
  };
  // Limits are set and called off, but none of a second or more rings, however busy the machine is.
  const after: Clock["after"] = (ms, fire) => (ms < 1000 ? systemClock.after(ms, fire) : () => {});
  return { now: read, wallNow: () => 0, after };
}

const throws = (): never => {
  throw new Error("no time");
};

/** A retry with a delay, a map, a time limit and a join: every use of a clock. */
function everyUse() {
  const flaky = task(
    "flaky",
    async (_, { attempt }) => {
      if (attempt === 1) throw new Error("again");
      return [1, 2];
    },
    { retry: { attempts: 1, backoff: "fixed", baseMs: 1 }, timeoutMs: 1000 },
  );
  const items = map("items", flaky, async (item) => item);
  return flow("f", { join: task("join", { items }, ({ items }) => items.length) });
}

describe("A clock of one's own that breaks while a run goes on", () => {
  const ways: [string, (from: number) => Clock, string][] = [
    ["throws", (from) => counting((n) => (n >= from ? throws() : undefined)), "threw: no time"],
    ["gives NaN", (from) => counting((n) => (n >= from ? Number.NaN : undefined)), "gave NaN"],
    [
      "gives Infinity",
      (from) => counting((n) => (n >= from ? Number.POSITIVE_INFINITY : undefined)),
      "gave Infinity",
    ],
    ["gives a text", (from) => counting((n) => (n >= from ? "soon" : undefined)), "gave NaN"],
  ];

  it.each(ways)("and %s stops it with a ClockError, wherever that is", async (_, made, how) => {
    const seen = await escaped(async () => {
      let completed = 0;
      for (let from = 2; from < 60; from++) {
        const report = await everyUse().run({ clock: made(from), timeoutMs: 60_000, graceMs: 5 });
        if (report.executionState === "completed") {
          completed++;
          continue;
        }
        expect(report.executionState).toBe("failed");
        expect(report.errorSummary).toEqual([
          `The run was stopped: the clock failed: \`clock.now()\` ${how}`,
        ]);
        const thrown = await Promise.resolve()
          .then(() => report.unwrap())
          .catch((error) => error);
        expect(thrown.errors).toEqual([expect.any(ClockError)]);
        expect(thrown.errors[0]).toMatchObject({ code: "ASTRUM_CLOCK" });
        const counted = Object.values(statuses(report)).length;
        expect(counted).toBe(report.totalTasks);
      }
      expect(completed).toBeGreaterThan(0);
      expect(completed).toBeLessThan(50);
    });
    expect(seen).toEqual([]);
  });

  it("for a moment only, is not asked again", async () => {
    const clock = counting((n) => (n === 4 ? throws() : n > 4 ? 1e12 : undefined));
    const report = await everyUse().run({ clock });
    expect(report.executionState).toBe("failed");
    expect(report.totalDurationMs).toBeLessThan(1e6);
  });
});

describe("Timers of a clock of one's own", () => {
  const clockOf = (after: Clock["after"]): Clock => ({ ...systemClock, after });

  it.each<[string, Clock["after"], RegExp]>([
    ["cannot be set", throws, /`clock.after\(\)` failed: no time$/],
    ["cannot be called off", (() => undefined) as never, /it gave undefined$/],
  ])("that %s stop the run", async (_, after, why) => {
    const limited = task("limited", (_, { signal }) => ended(signal), { timeoutMs: 60_000 });
    const report = await flow("f", { limited }).run({ clock: clockOf(after) });
    expect(report.executionState).toBe("failed");
    expect(report.errorSummary[0]).toMatch(why);
    expect(row(report, "limited")).toMatchObject({ status: "cancelled" });
  });

  it("that cannot be set do not keep a run waiting for what is deaf: grace is measured all the same", async () => {
    const deaf = task("deaf", () => new Promise(() => {}), { timeoutMs: 60_000 });
    const report = await flow("f", { deaf }).run({ clock: clockOf(throws), graceMs: 1 });
    expect(statuses(report)).toEqual({ deaf: "abandoned" });
  });

  it("that fire at once, twice or after they were called off change nothing", async () => {
    const fires: (() => void)[] = [];
    const clock = clockOf((ms, fire) => {
      fires.push(fire);
      if (ms === 1) fire();
      return () => {};
    });
    const report = await everyUse().run({ clock, timeoutMs: 60_000 });
    for (const fire of fires) fire();
    expect(report.executionState).toBe("completed");
    expect(report.totalAttempts).toBe(5);
  });

  it("whose calling off throws stop the run, or come too late to", async () => {
    const clock = clockOf(() => throws);
    const limited = task("limited", async () => {}, { timeoutMs: 60_000 });
    const report = await flow("f", { limited }).run({ clock });
    expect(report.executionState).toBe("failed");
    const whole = await flow("f", { a: task("a", async () => 1) }).run({ clock, timeoutMs: 1e6 });
    expect(whole.outputs).toEqual({ a: 1 });
  });
});

describe("The virtual clock", () => {
  it("says how a run is put on it, when it waits for one that is not", async () => {
    const clock = new VirtualClock();
    const waits = task("waits", () => clock.wait(5).then(() => new Promise(() => {})));
    const run = flow("f", { waits }).start();
    await expect(clock.run(run.report)).rejects.toThrow(
      "The virtual clock has no timer left, and the promise is not settled: it waits for something that is not on this clock. A run is on it when it is given it, with `run({ clock })`",
    );
    run.cancel();
  });
});

describe("A wall clock", () => {
  it.each<[string, () => number]>([
    ["throws", throws],
    ["gives NaN", () => Number.NaN],
    ["gives Infinity", () => Number.POSITIVE_INFINITY],
  ])("that %s once the run has begun leaves its drift unknown", async (_, later) => {
    let readings = 0;
    const clock: Clock = { ...systemClock, wallNow: () => (readings++ === 0 ? 0 : later()) };
    const report = await flow("f", { a: task("a", () => 1) }).run({ clock });
    expect(report.executionState).toBe("completed");
    expect(report.clock.driftMs).toBeNull();
  });
});

/** Rejects when the signal is aborted. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    if (signal.aborted) reject(signal.reason);
  });
}
