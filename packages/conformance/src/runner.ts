/** What every runner promises, as a suite. It runs the tasks of `tasks.js`, and knows nothing of where they run. */
import {
  type ExecutionReport,
  flow,
  fromEvents,
  map,
  type Observer,
  RateLimit,
  type Runner,
  type Task,
  task,
} from "@astrum/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as tasks from "./tasks.js";

export interface RunnerUnderTest {
  /** Runs a task by its function, or finds the export of `astrum-conformance/tasks` that has the task's name. */
  readonly runner: Runner;
  /** What the report names as the place of an attempt. Default: anything. */
  readonly place?: RegExp | undefined;
  /** Called after the last test. */
  close?(): unknown;
}

/** Declares the suite. `create` is called once, before its first test. */
export function testRunner(create: () => RunnerUnderTest | Promise<RunnerUnderTest>): void {
  describe("As a runner it", () => {
    let subject: RunnerUnderTest;
    beforeAll(async () => {
      subject = await create();
    });
    afterAll(() => subject?.close?.());

    const run = (
      roots: Record<string, Task<unknown>>,
      options: {
        readonly signal?: AbortSignal;
        readonly observers?: readonly Observer[];
        readonly runId?: string;
        readonly resources?: Readonly<Record<string, RateLimit>>;
      } = {},
      wrap: (runner: Runner) => Runner = (runner) => runner,
    ): Promise<ExecutionReport> =>
      flow("conformance", roots).run({ runId: "r1", ...options, runner: wrap(subject.runner) });

    it("gives the task what it asked for, and its dependents what it returned", async () => {
      const two = task("two", tasks.two);
      const sum = task("sum", { left: two, right: two }, tasks.sum);
      const report = await run({ sum });
      expect(report.observerErrors ?? []).toEqual([]);
      expect(report.outputs).toEqual({ sum: 4 });
    });

    it("gives an item of a map its value and its index", async () => {
      const list = task("two", () => [5, 6, 7]);
      const scaled = map("scaled", list, tasks.scaled);
      const here: Runner = (attempt) =>
        attempt.info.task.name === "two" ? attempt.run() : subject.runner(attempt);
      const report = await run({ scaled }, {}, () => here);
      expect(report.outputs).toEqual({ scaled: [50, 61, 72] });
    });

    it("gives the task a context that says which call it is", async () => {
      const report = await run({
        tells: task("tells", tasks.tells),
        secondTry: task("secondTry", tasks.secondTry, { retry: 2 }),
      });
      expect(report.outputs).toEqual({ tells: "tells of r1", secondTry: 2 });
    });

    it("fails the attempt with the error of the function, its name and message kept", async () => {
      const report = await run({ breaks: task("breaks", tasks.breaks) });
      expect(report.executionState).toBe("failed");
      const [row] = report.taskStatistics;
      expect(row).toMatchObject({ status: "failed", attemptCount: 1 });
      const outcome = report.outcome("breaks") as { readonly error?: unknown };
      expect(outcome.error).toMatchObject({ name: "RangeError", message: "out of range" });
    });

    it("says when no retry can mend an error", async () => {
      const report = await run({ final: task("final", tasks.final, { retry: 3 }) });
      expect(report.taskStatistics).toMatchObject([{ status: "failed", attemptCount: 1 }]);
      const { finalAndUntidy } = tasks;
      const untidy = await run({
        finalAndUntidy: task("finalAndUntidy", finalAndUntidy, { retry: 3 }),
      });
      expect(untidy.taskStatistics).toMatchObject([{ status: "failed", attemptCount: 1 }]);
      const { errors } = (untidy.outcome("finalAndUntidy") as { readonly error: AggregateError })
        .error;
      expect(errors).toMatchObject([
        { message: "no retry can mend this" },
        { message: "not tidied" },
      ]);
    });

    it("ends a task as skipped that says so, unless it fails on its way out", async () => {
      const { skips, skipsInSecret, skipsInVain } = tasks;
      const report = await run({
        skips: task("skips", skips, { retry: 1 }),
        skipsInSecret: task("skipsInSecret", skipsInSecret),
      });
      expect(report.taskStatistics).toMatchObject(
        Array(2).fill({
          status: "skipped",
          reason: { kind: "condition", message: "nothing new" },
          attemptCount: 1,
        }),
      );
      const vain = await run({ skipsInVain: task("skipsInVain", skipsInVain) });
      expect(vain.errorSummary).toEqual(['Task "skipsInVain" failed: out of range']);
    });

    it("brings home what the task said, the last lines of it and how many there were before", async () => {
      const report = await run({ speaks: task("speaks", tasks.speaks) });
      const [attempt] = report.taskStatistics[0]?.attemptStatistics ?? [];
      const { log = [], logDropped = 0 } = attempt ?? {};
      expect(log.length).toBeGreaterThanOrEqual(50);
      expect(log.length + logDropped).toBe(150);
      expect(log.at(-1)).toMatchObject({ message: "line 149", attributes: { line: 149 } });
      for (const { at } of log) expect(at).toBeGreaterThanOrEqual(attempt?.startAt ?? 0);
      const broken = await run({ speaksAndBreaks: task("speaksAndBreaks", tasks.speaksAndBreaks) });
      expect(broken.taskStatistics[0]?.attemptStatistics[0]?.log).toMatchObject([
        { message: "about to break", attributes: { at: "the end" } },
      ]);
    });

    it("lets the task know what is left of its time", async () => {
      const free = await run({ asksForTime: task("asksForTime", tasks.asksForTime) });
      expect(free.outputs.asksForTime).toBe("without end");
      const limited = await run(
        { asksForTime: task("asksForTime", tasks.asksForTime, { timeoutMs: 60_000 }) },
        { runId: "r2" },
      );
      expect(limited.outputs.asksForTime).toBeGreaterThan(0);
      expect(limited.outputs.asksForTime).toBeLessThanOrEqual(60_000);
    });

    it("tells the run what the task has spent, in place of what it had asked for", async () => {
      const resources = { llm: new RateLimit({ limit: 10, perMs: Number.POSITIVE_INFINITY }) };
      await run(
        { spends: task("spends", tasks.spends, { resources: { llm: 10 } }) },
        { resources },
      );
      const takes = (llm: number) =>
        flow("rest", { takes: task("takes", () => llm, { resources: { llm } }) }).run({
          resources,
        });
      expect((await takes(3)).failures).toMatchObject([{ error: { left: 2, needed: 3 } }]);
      expect((await takes(2)).outputs).toEqual({ takes: 2 });
    });

    it("passes progress on", async () => {
      const told: unknown[] = [];
      const observer = fromEvents("progress", (event) => {
        if (event.type === "attempt.progress") told.push([event.fraction, event.message]);
      });
      await run({ tells: task("tells", tasks.tells) }, { observers: [observer] });
      expect(told).toEqual([[0.5, "half"]]);
    });

    it("honours the signal: a task that is asked to stop ends", async () => {
      const abort = new AbortController();
      const began = fromEvents("began", (event) => {
        if (event.type === "attempt.progress") abort.abort(new Error("enough"));
      });
      const endless = task("endless", tasks.endless);
      const report = await run({ endless }, { signal: abort.signal, observers: [began] });
      expect(report.executionState).toBe("cancelled");
      expect(report.taskStatistics).toMatchObject([{ status: "cancelled" }]);
    });

    it("does not begin what was called off before", async () => {
      const report = await run(
        { endless: task("endless", tasks.endless) },
        { signal: AbortSignal.abort() },
      );
      expect(report.taskStatistics).toMatchObject([{ attemptCount: 0 }]);
    });

    it("can be wrapped by another runner", async () => {
      const seen: string[] = [];
      const report = await run({ two: task("two", tasks.two) }, {}, (inner) => async (attempt) => {
        seen.push(`before ${attempt.info.task.key}`);
        const value = await inner(attempt);
        seen.push(`after ${String(value)}`);
        return value;
      });
      expect(seen).toEqual(["before two", "after 2"]);
      expect(report.outputs).toEqual({ two: 2 });
    });

    it("names a place for every attempt", async () => {
      const places: string[] = [];
      const observer = fromEvents("places", (event) => {
        if (event.type === "attempt.end") places.push(event.attempt.executor);
      });
      await run({ two: task("two", tasks.two) }, { observers: [observer] });
      expect(places).toEqual([expect.stringMatching(subject.place ?? /\S/)]);
    });

    it("carries out many attempts of several runs at once", async () => {
      const wide = Object.fromEntries(
        Array.from({ length: 20 }, (_, at) => {
          const two = task("two", tasks.two);
          return [
            `f${at}`,
            flow(`f${at}`, { sum: task("sum", { left: two, right: two }, tasks.sum) }),
          ];
        }),
      );
      const reports = await Promise.all(
        Object.values(wide).map((one) => one.run({ runner: subject.runner })),
      );
      expect(reports.map(({ outputs }) => outputs)).toEqual(Array(20).fill({ sum: 4 }));
    });
  });
}
