import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  flow,
  type JournalEntry,
  map,
  reportOfJournal,
  task,
} from "../../src/index.ts";
import { recorded, replay, scripted, VirtualClock } from "../../src/testing.ts";
import { Diary, Gate, Notebook, row, statuses, written } from "../scenario.ts";

const dispatches = ["dependencies", "stages"] as const;

/** A commit that takes from 0 to 50, and what depends on it. */
function committing(clock: VirtualClock, options: object = {}) {
  const seen: { signal?: AbortSignal } = {};
  const commit = task(
    "commit",
    async (_, { signal }) => {
      seen.signal = signal;
      await clock.wait(50);
      return "done";
    },
    { uninterruptible: true, ...options },
  );
  const after = task("after", { commit }, () => "never");
  return { commit, after, seen, graph: flow("f", { commit, after }) };
}

describe("An attempt that is uninterruptible and has begun", () => {
  it.each([
    ["an abort", {}, "cancelled"],
    ["the run's time limit", { timeoutMs: 10 }, "failed"],
    ["a failure", {}, "failed"],
  ])("is spared by %s: what it returns counts, and is stored", async (what, options, state) => {
    const clock = new VirtualClock();
    const { commit, after, seen } = committing(clock);
    const fails = task("fails", () =>
      clock.wait(10).then(() => {
        if (what === "a failure") throw new Error("elsewhere");
      }),
    );
    const notebook = new Notebook();
    const { options: taped, recording } = recorded({
      clock,
      journal: notebook.journal,
      ...options,
    });
    const graph = flow("f", { commit, after, fails });
    const run = graph.start(taped);
    clock.after(10, () => what === "an abort" && run.cancel());
    const report = await clock.run(run.report);
    expect(report).toMatchObject({ executionState: state, totalDurationMs: 50 });
    expect(statuses(report)).toMatchObject({ commit: "completed", after: "skipped" });
    expect(report.outputs).toMatchObject({ commit: "done" });
    expect(seen.signal?.aborted).toBe(false);
    expect(notebook.tasks).toContain("commit");
    expect(written(replay(graph.plan(), recording))).toEqual(written(report));

    const again = committing(new VirtualClock());
    const resumeFrom = reportOfJournal(notebook.entries);
    const second = await again.graph.run({
      resumeFrom: { ...resumeFrom, run: { ...resumeFrom.run, flow: "f" } },
    });
    expect(statuses(second)).toEqual({ commit: "restored", after: "completed" });
  });

  it("is spared by cancelTask, and the run goes on with what it returned", async () => {
    const clock = new VirtualClock();
    const { graph } = committing(clock);
    const run = graph.start({ clock });
    clock.after(10, () => run.cancelTask("commit"));
    expect((await clock.run(run.report)).unwrap()).toEqual({ commit: "done", after: "never" });
  });

  it("is spared by the loss of what it reads", async () => {
    const clock = new VirtualClock();
    const server = task("server", () => "server!", {
      release: () => {},
      lost: () => clock.wait(10),
    });
    const commit = task(
      "commit",
      { server },
      async (_, { signal }) => {
        await clock.wait(50);
        return signal.aborted ? "asked" : "done";
      },
      { uninterruptible: true },
    );
    const use = task("use", { server }, scripted(clock, { ms: 50 }));
    const report = await clock.run(flow("f", { commit, use }).run({ clock }));
    expect(statuses(report)).toMatchObject({ commit: "completed", use: "failed" });
    expect(report.outputs).toEqual({ commit: "done" });
  });

  it.each(dispatches)("is waited for before the run settles (dispatch: %s)", async (dispatch) => {
    const clock = new VirtualClock();
    const scheduler = new DynamicScheduler(
      [
        ["commit", scripted(clock, { ms: 50, return: "done" })],
        ["usual", scripted(clock, { ms: 50 })],
      ],
      [{ taskName: "commit" }, { taskName: "usual" }],
      { clock, dispatch, taskOptions: { commit: { uninterruptible: true } } },
    );
    const run = scheduler.start();
    clock.after(10, () => run.cancel());
    const report = await clock.run(run.report);
    expect(statuses(report)).toEqual({ commit: "completed", usual: "cancelled" });
    expect(report.totalDurationMs).toBe(50);
  });

  it.each(dispatches)(
    "is abandoned after the grace period, which counts from the stop (dispatch: %s)",
    async (dispatch) => {
      const clock = new VirtualClock();
      const never = new Gate<string>();
      const scheduler = new DynamicScheduler(
        [["commit", () => never.promise]],
        [{ taskName: "commit" }],
        {
          clock,
          dispatch,
          graceMs: 20,
          taskOptions: { commit: { uninterruptible: true } },
        },
      );
      const run = scheduler.start();
      clock.after(10, () => run.cancel("enough"));
      clock.after(25, () => run.cancel("enough, really"));
      const report = await clock.run(run.report);
      expect(report.totalDurationMs).toBe(30);
      expect(row(written(report), "commit")).toMatchObject({
        status: "abandoned",
        reason: { kind: "aborted" },
      });
      // It was never asked.
      expect(row(report, "commit").ignoredSignal).toBeUndefined();
      never.open("too late");
      await clock.advance(100);
      expect(report.outputs).toEqual({});
      expect(clock.pending).toBe(0);
    },
  );

  it("is told of when it was waited for in vain: it may be half done", async () => {
    const clock = new VirtualClock();
    const { graph } = committing(clock);
    const run = graph.start({ clock, graceMs: 20 });
    clock.after(10, () => run.cancel());
    const report = await clock.run(run.report);
    expect(statuses(report)).toMatchObject({ commit: "abandoned" });
    expect(report.errorSummary).toEqual([
      'Task "commit" is uninterruptible, had not ended within its grace period, and was abandoned: it may be half done',
    ]);
  });

  it("that throws after a stop has failed, and never goes again", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const commit = task("commit", diary.task({ ms: 50, throw: "rolled back", deaf: true }), {
      uninterruptible: true,
      retry: 5,
    });
    const run = flow("f", { commit }).start({ clock });
    clock.after(10, () => run.cancel());
    const report = await clock.run(run.report);
    expect(diary.started).toEqual(["commit"]);
    expect(statuses(report)).toEqual({ commit: "failed" });
    expect(report.executionState).toBe("cancelled");
    expect(report.failures).toMatchObject([{ task: "commit", attempts: 1 }]);
  });

  it("that throws after it was called off alone never goes again either", async () => {
    const clock = new VirtualClock();
    const commit = task("commit", scripted(clock, { ms: 50, throw: "rolled back" }), {
      uninterruptible: true,
      retry: { attempts: 5, backoff: "fixed" },
    });
    const run = flow("f", { commit }).start({ clock, failure: "continue" });
    clock.after(10, () => run.cancelTask("commit"));
    expect(row(await clock.run(run.report), "commit")).toMatchObject({
      status: "failed",
      attemptCount: 1,
    });
  });

  it.each([
    ["timeoutMs", "attempt"],
    ["deadlineMs", "task"],
  ])("is asked by its own %s, before a stop and after", async (limit, scope) => {
    for (const stopAt of [10, 40]) {
      const clock = new VirtualClock();
      const { graph, seen } = committing(clock, { [limit]: 30, retry: 3 });
      const run = graph.start({ clock });
      clock.after(stopAt, () => run.cancel());
      const report = await clock.run(run.report);
      expect(seen.signal?.reason).toMatchObject({ name: "TimeoutError", scope });
      expect(row(report, "commit")).toMatchObject({ status: "failed", attemptCount: 1, endAt: 50 });
    }
  });

  it("is let end its clean-ups, and is skipped when it says so", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const commit = task(
      "commit",
      async (_, context) => {
        context.defer(() => void diary.ended.push("unlocked"));
        await clock.wait(50);
        context.skip("nothing to commit");
      },
      { uninterruptible: true },
    );
    const run = flow("f", { commit }).start({ clock });
    clock.after(10, () => run.cancel());
    const report = await clock.run(run.report);
    expect(diary.ended).toEqual(["unlocked"]);
    expect(row(report, "commit")).toMatchObject({
      status: "skipped",
      reason: { kind: "condition", message: "nothing to commit" },
    });
  });

  it("of a map is one item: those that have begun end, the others are cancelled, and so is the map", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => [1, 2, 3]);
    const items = map("items", list, (n) => clock.wait(50).then(() => n), {
      uninterruptible: true,
      concurrency: 2,
    });
    const run = flow("f", { items }).start({ clock });
    clock.after(10, () => run.cancel());
    expect(statuses(await clock.run(run.report))).toEqual({
      list: "completed",
      items: "cancelled",
      "items[0]": "completed",
      "items[1]": "completed",
      "items[2]": "cancelled",
    });
  });

  it("counts when the journal has failed, and is not stored", async () => {
    const clock = new VirtualClock();
    const { commit } = committing(clock);
    const breaks = task("breaks", scripted(clock, { ms: 10, return: 1 }));
    const told: unknown[] = [];
    const journal = ({ task: name }: JournalEntry): void => {
      told.push(name);
      if (name === "breaks") throw new Error("disk full");
    };
    const report = await clock.run(flow("f", { commit, breaks }).run({ clock, journal }));
    expect(report.executionState).toBe("failed");
    expect(statuses(report)).toEqual({ commit: "completed", breaks: "failed" });
    expect(told).toEqual([undefined, "breaks"]);
  });
});

describe("An uninterruptible task that does not run when the run stops", () => {
  it("is stopped as any: in the queue, or between two attempts", async () => {
    const clock = new VirtualClock();
    const options = { uninterruptible: true } as const;
    const long = task("long", scripted(clock, { ms: 50 }));
    const queued = task("queued", scripted(clock, { ms: 50 }), options);
    const delayed = task("delayed", scripted(clock, { throw: "again" }), {
      ...options,
      priority: 1,
      retry: { attempts: 1, backoff: "fixed", baseMs: 100 },
    });
    const run = flow("f", { long, queued, delayed }).start({ clock, concurrency: 1 });
    clock.after(10, () => run.cancel());
    const report = await clock.run(run.report);
    expect(statuses(report)).toEqual({
      long: "cancelled",
      queued: "cancelled",
      delayed: "cancelled",
    });
    expect(report.totalDurationMs).toBe(10);
  });

  it("says so in the plan, and refuses what is neither true nor false", () => {
    const commit = task("commit", () => 1, { uninterruptible: true });
    expect(flow("f", { commit }).plan().explain()).toContain("  commit (uninterruptible)");
    // @ts-expect-error a word is neither
    const wrong = task("wrong", () => 1, { uninterruptible: "yes" });
    expect(() => flow("f", { wrong })).toThrow(
      'Expected `uninterruptible` of task "wrong" to be true or false, got `"yes"`',
    );
  });
});
