/**
 * Every recorded case, in both ways to dispatch. `stages` must do what the documented scheduler did, instant by instant;
 * the default must come to the same results, and never later.
 */
import { describe, expect, test } from "vitest";
import { DynamicScheduler, type ExecutionReport, PlanError } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { type Case, type Moment, ordersOf, playing, recordedCases } from "../recorded-case.ts";

const cases = recordedCases();
const dispatches = ["dependencies", "stages"] as const;
type Recorded = NonNullable<Case["observed"]["report"]>;

/** In `input-missing-key` the consumer fails instead of the producer: see the differences. */
const FAILS_ELSEWHERE = "input-missing-key";

/** The code of our issues for each of the reference's errors. */
function issueCode({ message }: { readonly message: string }): string {
  if (message.startsWith("Cycle detected")) return "cycle";
  return message.startsWith("Duplicate task names") ? "duplicate-name" : "unknown-dependency";
}

const planned = cases.filter(({ observed }) => observed.plan !== undefined);
const unplanned = cases.filter(({ observed }) => observed.planError !== undefined);
const run = planned.filter(({ observed }) => observed.report !== undefined);

test("there are 112 recorded cases, and each is a plan or a plan error", () => {
  expect(cases).toHaveLength(112);
  expect(planned.length + unplanned.length).toBe(112);
  expect(run).toHaveLength(planned.length);
});

describe.each(dispatches)("with dispatch by %s", (dispatch) => {
  test.each(planned)("the plan of $name is the recorded one", ({ scenario, observed }) => {
    const plan = playing(scenario, new VirtualClock(), dispatch).scheduler.plan();
    const { stages, totalTasks, maxParallelism } = plan;
    expect({
      stages: stages.map(({ stageId, startTasks, waitForTasks, parallelTasks }) => ({
        stageId,
        start: startTasks,
        wait: waitForTasks,
        parallel: [...parallelTasks].sort(),
      })),
      totalTasks,
      maxParallelism,
    }).toEqual(observed.plan);
  });

  test.each(unplanned)("$name is refused with the recorded kind of error", async (one) => {
    const { scenario, observed } = one;
    const clock = new VirtualClock();
    if (observed.constructError !== undefined) {
      expect(observed.constructError).toMatch(/^Duplicate task names/);
      expect(() => playing(scenario, clock, dispatch)).toThrow(TypeError);
      expect(() => playing(scenario, clock, dispatch)).toThrow(/Two tasks are named "same"/);
    }
    const names = new Set(scenario.tasks.map(({ id }) => id));
    const scheduler =
      observed.constructError === undefined
        ? playing(scenario, clock, dispatch).scheduler
        : new DynamicScheduler(
            Array.from(names, (name) => [name, () => {}]),
            ordersOf(scenario),
            { dispatch },
          );
    const issues = issuesOf(() => scheduler.plan());
    const codes = new Set(issues.map(({ code }) => code));
    expect([...codes]).toEqual([issueCode(observed.planError as { message: string })]);
    const report = await scheduler.execute();
    expect(report.executionState).toBe("failed");
    expect(report.planIssues).toEqual(issues);
    expect(report.totalAttempts).toBe(0);
  });
});

describe("with dispatch by stages", () => {
  test.each(run)(
    "$name goes as recorded, instant by instant",
    async ({ name, scenario, observed }) => {
      const recorded = observed.report as Recorded;
      const clock = new VirtualClock();
      const { scheduler, timeline } = playing(scenario, clock, "stages");
      const report = await clock.run(scheduler.execute());
      await clock.run(report.tail);

      expect(report.executionState).toBe(recorded.executionState);
      expect(report.totalTasks).toBe(recorded.totalTasks);
      expect(report.totalStages).toBe(recorded.totalStages);
      expect(report.maxParallelism).toBe(recorded.maxParallelism);
      expect({ ...report.originalTasks }).toEqual(recorded.originalTasks);
      expect(startedTails(report)).toEqual([...recorded.tailTasks].sort());
      if (name === FAILS_ELSEWHERE) return;

      expect(report.totalDurationMs).toBe(recorded.endedAtMs);
      expect(Object.fromEntries(report.taskReturnSet)).toEqual(recorded.returns);
      expect(statuses(report)).toEqual(
        expectedStatuses(scenario, recorded, observed.timeline ?? []),
      );
      for (const task of recorded.tasks) {
        const row = report.taskStatistics.find(({ taskName }) => taskName === task.taskName);
        expect(row?.retry).toBe(task.retry);
        expect(row?.attemptStatistics.map(attemptFacts)).toEqual(
          task.attempts.map(({ errorMessage, ...attempt }) => ({
            ...attempt,
            errorMessage: attempt.status === "failed" ? errorMessage : null,
          })),
        );
      }
      const cancelled = new Set(
        recorded.tasks.filter(({ status }) => status === "cancelled").map((task) => task.taskName),
      );
      // The reference may cancel a task at the very end before its first step.
      const fixed = ([at, , task]: Moment): boolean =>
        at !== recorded.endedAtMs || !cancelled.has(task);
      expect(inOrder(timeline.filter(fixed))).toEqual(
        inOrder(observed.timeline?.filter(fixed) ?? []),
      );
    },
  );
});

describe("with dispatch by dependencies", () => {
  test.each(run)(
    "$name comes to the same end, and never later",
    async ({ name, scenario, observed }) => {
      const recorded = observed.report as Recorded;
      const clock = new VirtualClock();
      const { scheduler, timeline } = playing(scenario, clock, "dependencies");
      const report = await clock.run(scheduler.execute());
      await clock.run(report.tail);

      expect(report.executionState).toBe(recorded.executionState);
      expect({ ...report.originalTasks }).toEqual(recorded.originalTasks);
      expect(report.taskStatistics).toHaveLength(recorded.totalTasks);
      const returnedAt = new Map<string, number>();
      for (const [at, [, what, task]] of timeline.entries()) {
        if (what === "return") returnedAt.set(task, at);
        if (what !== "start") continue;
        const { deps } = scenario.tasks.find(
          ({ id }) => id === task,
        ) as Case["scenario"]["tasks"][number];
        for (const dependency of deps) expect(returnedAt.get(dependency)).toBeLessThan(at);
      }
      if (scenario.concurrency === undefined && name !== FAILS_ELSEWHERE) {
        expect(report.totalDurationMs).toBeLessThanOrEqual(recorded.endedAtMs);
      }
      if (recorded.executionState !== "completed") return;
      const tails = new Set(scenario.ignoreTailTasks);
      const awaited = ([task]: readonly [string, unknown]): boolean => !tails.has(task);
      expect([...report.taskReturnSet].filter(awaited).sort(byName)).toEqual(
        Object.entries(recorded.returns).filter(awaited).sort(byName),
      );
      for (const { taskName, status, attempts } of recorded.tasks) {
        const row = report.taskStatistics.find((one) => one.taskName === taskName);
        expect(row?.status).toBe(status);
        expect(row?.attemptStatistics.map(attemptFacts)).toEqual(attempts);
      }
    },
  );
});

function issuesOf(plan: () => unknown): readonly { readonly code: string }[] {
  try {
    plan();
  } catch (error) {
    if (error instanceof PlanError) return error.issues;
    throw error;
  }
  return [];
}

/** The reference lists the tail tasks that were started. */
function startedTails({ taskStatistics }: ExecutionReport): string[] {
  return taskStatistics
    .filter(({ kind, status }) => kind === "tail" && status !== "skipped")
    .map(({ taskName }) => taskName)
    .sort();
}

function statuses({ taskStatistics }: ExecutionReport): Record<string, string> {
  return Object.fromEntries(taskStatistics.map(({ taskName, status }) => [taskName, status]));
}

/**
 * The statuses that the recording implies. The reference's statistics miss tasks: those that never started, those that
 * ended well after a failure, and all tail tasks.
 */
function expectedStatuses(
  { tasks, ignoreTailTasks = [] }: Case["scenario"],
  recorded: Recorded,
  timeline: readonly Moment[],
): Record<string, string> {
  const told = new Map(recorded.tasks.map(({ taskName, status }) => [taskName, status]));
  const expected = tasks.map(({ id }) => {
    const status = told.get(id);
    if (status !== undefined) return [id, status];
    const own = timeline.filter(([at, , task]) => task === id && at <= recorded.endedAtMs);
    const last = own.at(-1)?.[1];
    if (last === "return") return [id, "completed"];
    if (!ignoreTailTasks.includes(id)) return [id, "skipped"];
    if (last === "throw") return [id, "failed"];
    return [id, recorded.tailTasks.includes(id) ? "detached" : "skipped"];
  });
  return Object.fromEntries(expected);
}

function attemptFacts(
  attempt: ExecutionReport["taskStatistics"][number]["attemptStatistics"][number],
): Recorded["tasks"][number]["attempts"][number] {
  const { attemptNumber, maxRetries, status, errorMessage = null, willRetry } = attempt;
  return { attemptNumber, maxRetries, status: status as "completed", errorMessage, willRetry };
}

/** Events of one instant may come in any order. */
function inOrder(timeline: readonly Moment[]): Moment[] {
  return [...timeline].sort(
    ([a, what, task], [b, other, name]) => a - b || byName([task + what, 0], [name + other, 0]),
  );
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
