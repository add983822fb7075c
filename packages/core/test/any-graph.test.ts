/** Random graphs with random scripts and options, in both ways to dispatch: what must hold whatever happens. */
import { describe, expect, test } from "vitest";
import {
  fromEvents,
  type JournalEntry,
  type RunEvent,
  reportOfJournal,
  type SchedulerOptions,
  Semaphore,
  type TaskContext,
} from "../src/index.ts";
import { recorded, replay, type Step, scripted, VirtualClock } from "../src/testing.ts";
import { Notebook } from "./scenario.ts";
import { reasons, small, statuses } from "./small-scheduler.ts";

const dispatches = ["dependencies", "stages"] as const;
const runs = Array.from({ length: 40 }, (_, seed) => seed).flatMap((seed) =>
  dispatches.map((dispatch) => ({ seed, dispatch })),
);

describe.each(runs)("run $seed by $dispatch", ({ seed, dispatch }) => {
  test("settles, its report is true, and nothing of it starts later", async () => {
    const { clock, names, tasks, tails, limit, options, seen, graced, abortLater } = any(
      seed,
      dispatch,
    );
    const { options: taped, recording } = recorded(options);
    const scheduler = small(clock, tasks, taped);
    abortLater();
    const report = await clock.run(scheduler.execute());
    const ended = statuses(report);
    expect(Object.keys(ended).sort()).toEqual([...names].sort());
    for (const [name, status] of Object.entries(ended)) {
      if (status === "detached") expect(tails).toContain(name);
      else if (status === "abandoned") expect(graced).toBe(true);
      else expect(seen.running).not.toContain(name);
      if (status === "cancelled" || status === "skipped")
        expect(reasons(report)).toHaveProperty(name);
    }
    const atEnd = new Map(seen.calls);
    for (const { taskName, status, attemptCount } of report.taskStatistics) {
      // A detached tail task may be called as soon as the report is made.
      if (status !== "detached") expect(attemptCount).toBe(atEnd.get(taskName) ?? 0);
    }
    for (const { gapMs, runMs } of report.analysis.criticalPath) {
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
    expect(seen.running).toEqual(new Set());
    expect(clock.pending).toBe(0);
    for (const name of names) {
      if (!tails.includes(name)) expect(seen.calls.get(name)).toBe(atEnd.get(name));
    }
    expect(seen.overlaps).toEqual([]);
    const { concurrency } = options;
    if (concurrency !== undefined) expect(report.peakConcurrency).toBeLessThanOrEqual(limit);
    if (concurrency !== undefined && !graced) expect(seen.most).toBeLessThanOrEqual(limit);
    if (concurrency instanceof Semaphore) {
      let free = 0;
      for (let permit = 0; permit < limit; permit++) concurrency.acquire(() => free++);
      expect(free).toBe(limit);
    }
  });

  test("is told to its observers from the first event to the last, without a gap", async () => {
    const { clock, tasks, options, abortLater } = any(seed, dispatch);
    const events: RunEvent[] = [];
    const observer = fromEvents("all", (event) => void events.push(event));
    const scheduler = small(clock, tasks, { ...options, observers: [observer] });
    abortLater();
    const report = await clock.run(scheduler.execute());
    await clock.run(report.tail);
    expect(report.observerErrors).toEqual([]);

    expect(events[0]?.type).toBe("run.start");
    expect(events.filter(({ type }) => type === "run.end")).toHaveLength(1);
    const status = new Map<string, string>();
    const open = new Set<string>();
    const attempts = new Map<string, number>();
    for (const event of events) {
      if (event.type === "task.status") {
        const { key } = event.task;
        expect(event.from).toBe(status.get(key));
        status.set(key, event.to);
      } else if (event.type === "attempt.start") {
        const { task, number } = event.attempt;
        expect(open).not.toContain(task.key);
        expect(number).toBe((attempts.get(task.key) ?? 0) + 1);
        attempts.set(task.key, number);
        open.add(task.key);
      } else if (event.type === "attempt.end") {
        expect(open.delete(event.attempt.task.key)).toBe(true);
      }
    }
    expect(open).toEqual(new Set());
    expect(Object.fromEntries(status)).toEqual(statuses(report));
  });

  test("can be taken up: what completed, with all that it depends on, is not called again", async () => {
    const { clock, tasks, tails, options, seen, abortLater } = any(seed, dispatch);
    const scheduler = small(clock, tasks, options);
    abortLater();
    const report = await clock.run(scheduler.execute());
    await clock.run(report.tail);
    await clock.advance(1000);
    const ended = statuses(report);
    const calls = new Map(seen.calls);
    const resumeFrom = JSON.parse(JSON.stringify(report.toJSON({ outputs: true })));
    const common = { dispatch, ignoreTailTasks: tails, resumeFrom };
    const aborted = small(clock, tasks, { ...common, signal: AbortSignal.abort() });
    const second = await clock.run(aborted.execute());
    expect(seen.calls).toEqual(calls);
    const third = await clock.run(small(clock, tasks, common).execute());
    await clock.run(third.tail);
    for (const resumed of [second, third]) {
      const restored = new Set(resumed.resume?.restored);
      for (const { taskName, status } of resumed.taskStatistics) {
        expect(status === "restored").toBe(restored.has(taskName));
        if (!restored.has(taskName)) continue;
        expect(ended[taskName]).toBe("completed");
        expect(seen.calls.get(taskName)).toBe(calls.get(taskName));
      }
    }
  });

  test.each(["at once", "late"])(
    "may have a journal that answers %s and fails at any entry: it stops there, and what was stored is not called again",
    async (answers) => {
      for (let entries = 0, broke = true; broke; entries += 2) {
        const { clock, tasks, tails, options, seen, abortLater } = any(seed, dispatch);
        const notebook = new Notebook();
        let told = 0;
        let atTail = false;
        let open = 0;
        let most = 0;
        const store = (entry: JournalEntry): void => {
          if (told++ < entries) notebook.journal(entry);
          else {
            atTail = tails.includes(String(entry.task));
            throw new Error("disk full");
          }
        };
        // Some at once and others late, one at a time.
        const journal = (entry: JournalEntry): unknown => {
          most = Math.max(most, open + 1);
          const ms = answers === "late" ? told % 4 : 0;
          if (ms === 0) return store(entry);
          open++;
          return clock.wait(ms * 5).then(() => {
            open--;
            store(entry);
          });
        };
        abortLater();
        const report = await clock.run(small(clock, tasks, { ...options, journal }).execute());
        await clock.run(report.tail);
        await clock.advance(1000);
        broke = told > entries;
        expect(told).toBeLessThanOrEqual(entries + 1);
        expect(most).toBeLessThanOrEqual(1);
        if (broke && !atTail) expect(report.executionState).not.toBe("completed");

        const calls = new Map(seen.calls);
        const resumeFrom = reportOfJournal(notebook.entries);
        const resumed = await clock.run(
          small(clock, tasks, { dispatch, ignoreTailTasks: tails, resumeFrom }).execute(),
        );
        await clock.run(resumed.tail);
        expect([...(resumed.resume?.restored ?? [])].sort()).toEqual(notebook.tasks.sort());
        for (const name of notebook.tasks) expect(seen.calls.get(name)).toBe(calls.get(name));
      }
    },
  );
});

/** A graph, what its tasks do, and how it is run; the same for the same seed. */
function any(seed: number, dispatch: "dependencies" | "stages") {
  const random = randomFrom(seed);
  const oneIn = (chances: number): boolean => random(chances) === 0;
  const clock = new VirtualClock();
  const seen = {
    running: new Set<string>(),
    overlaps: [] as string[],
    calls: new Map<string, number>(),
    most: 0,
  };
  const watched = (name: string, steps: readonly Step[]) => {
    const play = scripted(clock, ...steps);
    return (inputs: object, context: TaskContext): unknown => {
      if (seen.running.has(name)) seen.overlaps.push(name);
      seen.running.add(name);
      seen.most = Math.max(seen.most, seen.running.size);
      seen.calls.set(name, (seen.calls.get(name) ?? 0) + 1);
      let played: unknown;
      try {
        played = play(inputs, context);
      } finally {
        if (!((played as unknown) instanceof Promise)) seen.running.delete(name);
      }
      if (!(played instanceof Promise)) return played;
      return played.finally(() => seen.running.delete(name));
    };
  };

  const names = Array.from({ length: 1 + random(12) }, (_, at) => `t${at}`);
  const tasks: Record<string, { after: string[]; does: ReturnType<typeof watched> }> = {};
  for (const [at, name] of names.entries()) {
    const steps = Array.from({ length: 1 + random(3) }, () => ({
      ...(oneIn(5) ? {} : { ms: random(50) }),
      ...(oneIn(4) ? { throw: "boom" } : { return: name }),
      ignoresSignal: oneIn(4),
    }));
    tasks[name] = { after: names.slice(0, at).filter(() => oneIn(4)), does: watched(name, steps) };
  }
  const needed = new Set(Object.values(tasks).flatMap(({ after }) => after));
  const tails = names.filter((name) => !needed.has(name) && oneIn(4));
  const limit = 1 + random(4);
  const graced = oneIn(4);
  const controller = new AbortController();
  const options: SchedulerOptions = {
    dispatch,
    ignoreTailTasks: tails,
    signal: controller.signal,
    ...(oneIn(2) ? { concurrency: oneIn(2) ? new Semaphore(limit) : limit } : {}),
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
          ...(oneIn(6) ? { when: () => oneIn(2) } : {}),
        },
      ]),
    ),
  };
  const abortAt = oneIn(3) ? random(100) : undefined;
  return {
    clock,
    names,
    tasks: tasks as Parameters<typeof small>[1],
    tails,
    limit,
    graced,
    options,
    seen,
    abortLater: () => {
      if (abortAt !== undefined) clock.after(abortAt, () => controller.abort());
    },
  };
}

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
