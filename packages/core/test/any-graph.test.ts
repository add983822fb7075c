/** Random graphs with random scripts and options, in both ways to dispatch: what must hold whatever happens. */
import { expect, test } from "vitest";
import { type SchedulerOptions, Semaphore, type TaskContext } from "../src/index.ts";
import { recorded, replay, type Step, scripted, VirtualClock } from "../src/testing.ts";
import { reasons, small, statuses } from "./small-scheduler.ts";

const dispatches = ["dependencies", "stages"] as const;
const runs = Array.from({ length: 200 }, (_, seed) => seed).flatMap((seed) =>
  dispatches.map((dispatch) => ({ seed, dispatch })),
);

test.each(runs)(
  "run $seed by $dispatch settles, and its report is true",
  async ({ seed, dispatch }) => {
    const random = randomFrom(seed);
    const oneIn = (chances: number): boolean => random(chances) === 0;
    const clock = new VirtualClock();
    const names = Array.from({ length: 1 + random(12) }, (_, at) => `t${at}`);
    const running = new Set<string>();
    const overlaps: string[] = [];
    const calls = new Map<string, number>();
    let most = 0;

    /** Follows the task's calls as it plays. */
    const watched = (name: string, steps: readonly Step[]) => {
      const play = scripted(clock, ...steps);
      return (inputs: object, context: TaskContext): unknown => {
        if (running.has(name)) overlaps.push(name);
        running.add(name);
        most = Math.max(most, running.size);
        calls.set(name, (calls.get(name) ?? 0) + 1);
        let played: unknown;
        try {
          played = play(inputs, context);
        } finally {
          if (!((played as unknown) instanceof Promise)) running.delete(name);
        }
        if (!(played instanceof Promise)) return played;
        return played.finally(() => running.delete(name));
      };
    };
    const tasks: Record<string, { after: string[]; does: ReturnType<typeof watched> }> = {};
    for (const [at, name] of names.entries()) {
      const steps = Array.from({ length: 1 + random(3) }, () => ({
        ...(oneIn(5) ? {} : { ms: random(50) }),
        ...(oneIn(4) ? { throw: "boom" } : { return: name }),
        ignoresSignal: oneIn(4),
      }));
      tasks[name] = {
        after: names.slice(0, at).filter(() => oneIn(4)),
        does: watched(name, steps),
      };
    }
    const needed = new Set(Object.values(tasks).flatMap(({ after }) => after));
    const tails = names.filter((name) => !needed.has(name) && oneIn(4));
    const controller = new AbortController();
    const limit = 1 + random(4);
    const shared = oneIn(2) ? new Semaphore(limit) : undefined;
    const limited = oneIn(2);
    const graced = oneIn(4);
    const { options, recording } = recorded<SchedulerOptions>({
      dispatch,
      ignoreTailTasks: tails,
      signal: controller.signal,
      ...(limited ? { concurrency: shared ?? limit } : {}),
      ...(graced ? { graceMs: random(30) } : {}),
      ...(oneIn(6) ? { timeoutMs: 1 + random(200) } : {}),
      taskRetries: Object.fromEntries(
        names.map((name) => [
          name,
          { attempts: random(3), backoff: "fixed", baseMs: random(2) * 7 } as const,
        ]),
      ),
      taskOptions: Object.fromEntries(
        names.map((name) => [
          name,
          {
            onFailure: oneIn(5) ? ("ignore" as const) : ("fail" as const),
            ...(oneIn(4) ? { timeoutMs: 20 } : {}),
            ...(oneIn(6) ? { when: () => random(2) === 0 } : {}),
          },
        ]),
      ),
    });
    const scheduler = small(clock, tasks as Parameters<typeof small>[1], options);
    if (oneIn(3)) clock.after(random(100), () => controller.abort());

    const report = await clock.run(scheduler.execute());
    const ended = statuses(report);
    expect(Object.keys(ended).sort()).toEqual([...names].sort());
    for (const [name, status] of Object.entries(ended)) {
      if (status === "detached") expect(tails).toContain(name);
      else if (status === "abandoned") expect(graced).toBe(true);
      else expect(running).not.toContain(name);
      if (status === "cancelled" || status === "skipped")
        expect(reasons(report)).toHaveProperty(name);
    }
    const atEnd = new Map(calls);
    for (const { taskName, status, attemptCount } of report.taskStatistics) {
      // A detached tail task may be called as soon as the report is made.
      if (status !== "detached") expect(attemptCount).toBe(calls.get(taskName) ?? 0);
    }
    expect(overlaps).toEqual([]);
    if (limited) expect(report.peakConcurrency).toBeLessThanOrEqual(limit);
    if (limited && !graced) expect(most).toBeLessThanOrEqual(limit);
    const { criticalPath } = report.analysis;
    for (const { gapMs, runMs } of criticalPath) {
      expect(gapMs).toBeGreaterThanOrEqual(0);
      expect(runMs).toBeGreaterThanOrEqual(0);
    }
    const again = replay(scheduler.plan(), recording);
    expect(again.toJSON({ outputs: true })).toEqual(report.toJSON({ outputs: true }));

    for (const { taskName, status } of await clock.run(report.tail)) {
      expect(ended[taskName]).toBe("detached");
      expect(status).toMatch(/^(completed|failed|cancelled|abandoned|skipped)$/);
    }
    await clock.advance(1000);
    expect(running).toEqual(new Set());
    expect(clock.pending).toBe(0);
    for (const name of names)
      if (!tails.includes(name)) expect(calls.get(name)).toBe(atEnd.get(name));
    let free = 0;
    for (let permit = 0; permit < limit; permit++) shared?.acquire(() => free++);
    expect(free).toBe(shared === undefined ? 0 : limit);
  },
);

/** Integers below a bound, the same for the same seed (mulberry32, public domain). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
