/**
 * What must work wherever the engine runs, in a form that needs no test runner: the same list is run in Node and from a
 * page in a browser. Each entry resolves, or rejects with what went wrong.
 */
import {
  DynamicScheduler,
  type ExecutionReport,
  flow,
  map,
  NonRetryableError,
  PlanError,
  pick,
  RunAbortedError,
  settled,
  task,
} from "../src/index.ts";

function same(actual: unknown, expected: unknown): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`Expected ${wanted}, got ${got}`);
}

function statuses({ taskStatistics }: ExecutionReport<unknown>): string[] {
  return taskStatistics.map(({ taskName, status }) => `${taskName} ${status}`);
}

export const smoke: Readonly<Record<string, () => Promise<void>>> = {
  "A flow runs and gives its outputs": async () => {
    const list = task("list", async () => [1, 2, 3]);
    const doubled = map("doubled", list, async (item) => item * 2, { concurrency: 2 });
    const sum = task("sum", { doubled, first: pick(list, 0) }, ({ doubled, first }) =>
      doubled.reduce((total, item) => total + item, first),
    );
    const report = await flow("smoke", { sum }).run({ concurrency: 2 });
    same(report.unwrap(), { sum: 13 });
    same(report.totalTasks, 6);
    same(report.toJSON({ outputs: true }).executionState, "completed");
  },

  "A scheduler runs by names and orders": async () => {
    const first = { taskName: "first" };
    const scheduler = new DynamicScheduler(
      [
        ["first", () => ({ n: 20 })],
        ["second", ({ n }: { n: number }) => n + 1],
      ],
      [first, { taskName: "second", dependencies: [first] }],
      {
        taskDataRefs: {
          second: { inputs: [{ from: { task: "first", key: "n" }, to: { key: "n" } }] },
        },
      },
    );
    const report = await scheduler.execute();
    same(report.taskReturnSet.get("second"), 21);
    same(scheduler.executionState, "completed");
  },

  "A failure stops the run and every task says what became of it": async () => {
    const bad = task("bad", async () => {
      throw new NonRetryableError("no");
    });
    const slow = task(
      "slow",
      (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    );
    const after = task("after", { bad }, () => 1);
    const report = await flow("smoke", { after, slow }).run();
    same(report.executionState, "failed");
    same(statuses(report), ["bad failed", "slow cancelled", "after skipped"]);
  },

  "An abort reaches the tasks, with a typed reason": async () => {
    const controller = new AbortController();
    let reason: unknown;
    const waiting = task(
      "waiting",
      (_, { signal }) =>
        new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => {
            reason = signal.reason;
            resolve();
          });
          controller.abort("enough");
        }),
    );
    const report = await flow("smoke", { waiting }).run({ signal: controller.signal });
    same(report.executionState, "cancelled");
    same(reason instanceof RunAbortedError, true);
  },

  "A retry with a delay and a time limit use real timers": async () => {
    const flaky = task(
      "flaky",
      (_, { attempt, signal }) =>
        attempt === 1
          ? new Promise((_, reject) => {
              signal.addEventListener("abort", () => reject(signal.reason));
            })
          : "done",
      { retry: { attempts: 1, backoff: "fixed", baseMs: 5 }, timeoutMs: 10 },
    );
    const outcome = task("outcome", { flaky: settled(flaky) }, ({ flaky }) => flaky.status);
    const report = await flow("smoke", { outcome }).run();
    same(report.unwrap(), { outcome: "completed" });
    same(report.flakyTasks, 1);
  },

  "A graph that cannot run says everything that is wrong": async () => {
    const one = task("same", () => 1, { retry: -1 });
    const two = task("same", () => 2);
    try {
      flow("smoke", { one, two });
    } catch (error) {
      same(error instanceof PlanError && error.issues.map(({ code }) => code), [
        "invalid-option",
        "duplicate-name",
      ]);
      return;
    }
    throw new Error("The flow was made");
  },

  "Ten thousand tasks in a chain run": async () => {
    let last = task("0", async () => 0);
    for (let at = 1; at < 10_000; at++) {
      last = task(String(at), { before: last }, async ({ before }) => before + 1);
    }
    const report = await flow("smoke", { last }).run();
    same(report.unwrap(), { last: 9999 });
  },
};
