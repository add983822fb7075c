/** Logs of runs in which tasks have flows inside: whole, and cut at any line. */
import { flow, loop, type SerializedReport, subflow, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NestGraph, type NestRun, nestRun } from "../../../core/test/random-nest.ts";
import { parseReport, readEventLog, renderNdjson, renderText } from "../../src/index.ts";
import { lineObserver } from "../../src/writing/event-lines.ts";
import { lineWriter } from "../../src/writing/live-log.ts";
import { nestedFlow, nestedRun } from "../nested-runs.ts";

interface Logged {
  readonly own: SerializedReport;
  readonly lines: readonly string[];
}

type Runs = { run(options: object): Promise<{ toJSON(): SerializedReport }> };

async function logged(clock: VirtualClock, graph: Runs, options: object = {}): Promise<Logged> {
  const lines: string[] = [];
  const write = lineWriter((line) => lines.push(line), false);
  const observers = [lineObserver("log", write)];
  const report = await clock.run(
    graph.run({ clock, concurrency: 3, failure: "continue", observers, ...options }),
  );
  const own = JSON.parse(JSON.stringify(report.toJSON())) as SerializedReport;
  await clock.advance(1000);
  return { own, lines };
}

function read(lines: readonly string[]): SerializedReport {
  return readEventLog(`${lines.join("\n")}\n`);
}

function drafts(clock: VirtualClock) {
  const body = (from: number) => {
    const write = task("write", () => clock.wait(4).then(() => from + 1));
    return flow("body", { draft: task("critic", { write }, ({ write }) => write) });
  };
  const draft = loop(
    "draft",
    {},
    {
      first: () => body(0),
      next: ({ draft }) => body(draft),
      until: ({ draft }) => draft === 3,
      max: 5,
    },
  );
  return flow("paper", { draft });
}

describe("The log of a run with flows inside of tasks", () => {
  it.each([
    ["flows", () => nestedFlow],
    ["a flow that fails", () => (clock: VirtualClock) => nestedFlow(clock, { fails: true })],
    ["a loop", () => drafts],
  ] as const)("is read as the report of the run: %s", async (_, make) => {
    const clock = new VirtualClock();
    const { own, lines } = await logged(clock, make()(clock) as Runs);
    const { outputs: _outputs, ...again } = read(lines);
    const byName = (report: object): object => {
      const { taskStatistics, ...rest } = report as SerializedReport;
      const rows = taskStatistics.map(({ output: _, ...row }) => row);
      return { ...rest, rows: rows.sort((a, b) => (a.taskName < b.taskName ? -1 : 1)) };
    };
    expect(byName(JSON.parse(JSON.stringify(again)))).toEqual(byName(own));
  });

  it("says of a loop how many tasks there were in all its flows", async () => {
    const clock = new VirtualClock();
    const { own } = await logged(clock, drafts(clock) as Runs);
    expect(renderText(own, { tasks: true })).toMatch(
      /draft: 6 tasks inside: 6 completed; slowest draft\[\d\]\.write, 4 ms$/m,
    );
  });

  it("leads the critical path past a flow of tails alone to the task that they are inside of", async () => {
    const clock = new VirtualClock();
    const wait = (ms: number) => () => clock.wait(ms);
    const aside = flow("aside", {}, { tails: { tell: task("tell", wait(9)) } });
    const up = subflow("up", aside, {});
    const inner = flow("inner", { print: task("print", { up }, wait(2)) });
    const make = task("make", () => clock.wait(3).then(() => inner));
    const { own, lines } = await logged(clock, flow("outer", { make }) as unknown as Runs);
    expect(own.analysis.criticalPath.map(({ task }) => task)).toEqual(["make", "make.print"]);
    expect(read(lines).analysis.criticalPath).toEqual(own.analysis.criticalPath);
  });

  it("that was cut at any line is a report, in which what is around a task that ran is no failure", async () => {
    const clock = new VirtualClock();
    const { lines } = await logged(clock, nestedFlow(clock) as Runs);
    for (let cut = 1; cut < lines.length - 1; cut++) {
      const report = read(lines.slice(0, cut));
      parseReport(JSON.parse(JSON.stringify(report)));
      const path = report.analysis.criticalPath.reduce(
        (ms, { gapMs, runMs }) => ms + gapMs + runMs,
        0,
      );
      expect(path).toBeLessThanOrEqual(report.totalDurationMs + 0.001);
      const failed = Array.from(renderText(report).matchAll(/^ {2}☠ (\S+)/gm), ([, name]) => name);
      // Its attempt had failed by then.
      expect(failed.filter((name) => name !== "thumbs[2].store")).toEqual([]);
    }
  });

  it("that was cut names what ran by its path, and nothing that it is inside of", async () => {
    const clock = new VirtualClock();
    const { lines } = await logged(clock, nestedFlow(clock) as Runs);
    const at = lines.findIndex(
      (line) => line.includes('"attempt.start"') && line.includes("crawl.resize"),
    );
    const [, section = ""] = renderText(read(lines.slice(0, at + 1))).split(
      "Running when the record of the run ended:\n",
    );
    expect(section).toMatch(/^ {2}crawl\.resize just started$/m);
    expect(section).toMatch(/^ {2}thumbs\[2\]\.resize for at least 2 ms$/m);
    expect(section).not.toMatch(/^ {2}thumbs(?:\[2\])? /m);
    expect(section).not.toMatch(/^ {2}crawl /m);
  });

  it("that is made of a finished report is read as that report", async () => {
    const report = await nestedRun({ fails: true });
    expect(readEventLog(renderNdjson(report))).toEqual(report);
  });

  it("tells in 100 random runs who was inside of whom, how each ended and by which path the run went", async () => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      const property = fc.asyncProperty(nestRun, async (spec) => {
        const { own, lines } = await random(spec);
        const again = read(lines);
        const told = (report: SerializedReport): unknown[] =>
          report.taskStatistics
            .map(({ taskName, parent, role, kind, status, readyAt, attemptCount, reason, error }) =>
              JSON.parse(
                JSON.stringify([
                  taskName,
                  parent,
                  role,
                  kind,
                  status,
                  readyAt,
                  attemptCount,
                  reason,
                  error,
                ]),
              ),
            )
            .sort((a, b) => (a[0] < b[0] ? -1 : 1));
        expect(told(again)).toEqual(told(own));
        expect(again.analysis.criticalPath).toEqual(own.analysis.criticalPath);
        expect(again.originalTasks).toEqual(own.originalTasks);
        expect(again.analysis).toEqual(own.analysis);
      });
      await fc.assert(property, { numRuns: 100, seed: 20_260_101 });
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }, 120_000);
});

async function random(spec: NestRun): Promise<Logged> {
  const clock = new VirtualClock();
  const graph = new NestGraph(clock, spec.flow);
  const start = {
    run(options: object) {
      const run = graph.flow.start({
        ...options,
        failure: spec.failure,
        concurrency: spec.concurrency,
      });
      for (const { at, act } of spec.acts) {
        if (act === "cancel") clock.after(at, () => run.cancel());
      }
      return run.report;
    },
  };
  return logged(clock, start as Runs, { keep: spec.keep });
}
