import { flow, task } from "@astrum/core";
import { describe, expect, it } from "vitest";
import { insight, pathRows } from "../../src/asking/insight.ts";
import {
  compareReports,
  estimatesFrom,
  renderGithubAnnotations,
  renderMarkdown,
  renderText,
  toAstrumPython,
} from "../../src/index.ts";
import { duration } from "../../src/wording/duration.ts";
import { endedBy } from "../../src/wording/ending.ts";
import { STATUS_SIGN } from "../../src/wording/outcome.ts";
import { visible, visibleName } from "../../src/wording/visible.ts";
import { fixture, fixtureNames } from "../fixtures.ts";

describe.each(fixtureNames)("why the run %s took so long", (name) => {
  const report = fixture(name);
  const seen = insight(report);
  const sum = (list: readonly { readonly ms: number }[]): number =>
    list.reduce((total, { ms }) => total + ms, 0);

  it("is told in parts and in rows that both tile the time to the last end", () => {
    const ends = report.taskStatistics
      .filter(({ kind }) => kind === "task" || kind === "item")
      .flatMap(({ attemptStatistics }) => attemptStatistics.map(({ endAt }) => endAt ?? 0));
    expect(seen.makespanMs).toBe(ends.reduce((latest, at) => Math.max(latest, at), 0));
    expect(sum(seen.parts)).toBeCloseTo(seen.makespanMs, 6);
    let at = 0;
    for (const { fromMs, gapMs, runMs, segments } of pathRows(seen, 5)) {
      expect(fromMs).toBeCloseTo(at, 6);
      expect(segments.length).toBeGreaterThan(0);
      at += gapMs + runMs;
    }
    expect(at).toBeCloseTo(seen.makespanMs, 6);
  });

  it("names ten slow and ten flaky tasks at most, the worst first", () => {
    expect(seen.slowest.length).toBeLessThanOrEqual(10);
    expect(seen.slowest.map(({ runMs }) => runMs)).toEqual(
      seen.slowest.map(({ runMs }) => runMs).sort((a, b) => b - a),
    );
    expect(seen.flaky.length).toBe(Math.min(10, report.flakyTasks));
  });
});

it("promises nothing of more slots where the report does not say what tasks held", () => {
  const { advice, verdict } = insight(fixture("mixed"));
  expect([advice, verdict]).toEqual([undefined, "Bound by slots."]);
});

describe.each(fixtureNames)("the text of the report %s", (name) => {
  const report = fixture(name);
  const lines = renderText(report, { tasks: true }).split("\n");

  it("begins with how the run ended, under its name", () => {
    const why = endedBy(report);
    expect(lines[0]).toBe(
      `${visible(report.run.flow ?? report.run.id)}: ${report.executionState} after ${duration(report.totalDurationMs)}${why && `: ${why}`}`,
    );
  });

  it("has a line for every task with its sign and its name, and nothing that acts on a screen", () => {
    const tasks = lines.slice(lines.lastIndexOf("Tasks:") + 1, -1);
    expect(tasks).toHaveLength(report.totalTasks);
    report.taskStatistics.forEach(({ taskName, status }, index) => {
      const line = tasks[index] ?? "";
      expect(line.startsWith(`  ${STATUS_SIGN[status]} `), line).toBe(true);
      expect(line).toContain(visibleName(taskName));
    });
    expect(lines.filter((line) => line !== visible(line))).toEqual([]);
  });
});

describe("the text of a report", () => {
  it("has one line per task when asked, whatever the tasks are called", () => {
    const report = fixture("hostile");
    const short = renderText(report).split("\n").length;
    expect(renderText(report, { tasks: true }).split("\n").length).toBe(
      short + 2 + report.totalTasks,
    );
  });

  it("says what bound the run, what is flaky and why tasks failed", () => {
    const text = renderText(fixture("mixed"));
    expect(text).toContain("Bound by slots.");
    expect(text).toMatch(/Critical path \(\d+ attempts\):/);
    expect(text).toContain("Caused by: Error: unexpected token");
    expect(text).toContain("Flaky (completed after failed attempts):");
  });

  it("shows the stages of a plan and what each task waits for", () => {
    const a = task("a", () => 1);
    const b = task("b", () => 2);
    const c = task("c", { a, b }, () => 3);
    expect(renderText(flow("plan", { c }).plan())).toBe(
      [
        "3 tasks in 2 stages, at most 2 at once",
        "",
        "Stage 0 (2 tasks)",
        "  a",
        "  b",
        "",
        "Stage 1 (1 task)",
        "  c  ←  a, b",
        "",
      ].join("\n"),
    );
  });
});

describe("a page of Markdown", () => {
  it("draws a small graph and leaves a large one to other formats", () => {
    expect(renderMarkdown(fixture("cancelled"))).toContain("```mermaid\nflowchart");
    expect(renderMarkdown(fixture("cancelled"), { diagramTasks: 0 })).not.toContain("mermaid");
    expect(renderMarkdown(fixture("large"))).not.toContain("mermaid");
  });
});

describe("an annotation", () => {
  it("stands at the first line of the stack inside the checkout", () => {
    const lines = renderGithubAnnotations(fixture("mixed"), { root: "/srv/app" }).split("\n");
    const broken = lines.find((line) => line.includes("title=broken"));
    expect(broken).toMatch(
      /^::error file=src\/load\.ts,line=12,col=7,title=broken::Error: cannot parse <config> & "values"%0A/,
    );
  });

  it("cannot be ended by what a task is called or says", () => {
    const report = JSON.parse(JSON.stringify(fixture("one"))) as ReturnType<typeof fixture>;
    const [one] = report.taskStatistics;
    if (one === undefined) throw new Error("no task");
    one.taskName = "x,file=/etc/passwd::y\n::warning::z";
    one.status = "failed";
    one.error = { name: "E", message: "100%\r\n::error::injected" };
    expect(renderGithubAnnotations(report)).toBe(
      "::error title=x%2Cfile=/etc/passwd%3A%3Ay␊%3A%3Awarning%3A%3Az::E: 100%25%0A::error::injected\n",
    );
  });
});

describe("estimates for the next run", () => {
  const estimates = estimatesFrom(fixture("mixed"));

  it("are how long the completing attempt took, and a map's whole time", () => {
    expect(estimates.flaky).toBe(6);
    expect(estimates.discover).toBe(20.5);
    expect(estimates.sizes).toBeGreaterThan(0);
  });

  it("leave out what did not complete, items, and everything inherited", () => {
    expect(
      Object.keys(estimates).filter((name) => /\[\d+\]$|^(?:broken|stuck|behind)$/.test(name)),
    ).toEqual([]);
    expect(estimates.constructor).toBeUndefined();
  });

  it("are accepted by the engine", async () => {
    const only = task("only", () => 1);
    const report = await flow("one", { only }).run({ estimates: estimatesFrom(fixture("one")) });
    expect(report.executionState).toBe("completed");
  });
});

describe("two runs side by side", () => {
  type Report = ReturnType<typeof fixture>;
  const before = fixture("mixed");
  const changed = (change: (report: Report) => void): Report => {
    const report = JSON.parse(JSON.stringify(before)) as Report;
    change(report);
    return report;
  };
  const named = (report: Report, name: string): Report["taskStatistics"][number] => {
    const found = report.taskStatistics.find(({ taskName }) => taskName === name);
    if (found === undefined) throw new Error(name);
    return found;
  };

  it("that are the same differ in nothing", () => {
    expect(compareReports(before, before)).toMatchObject({
      slower: [],
      faster: [],
      flakier: [],
      newlyCritical: [],
      statusChanged: [],
      added: [],
      removed: [],
      makespan: { changeMs: 0 },
    });
  });

  it("show what got slower by its own time, not by waiting or retrying", () => {
    const after = changed((report) => {
      const [attempt] = named(report, "discover").attemptStatistics;
      if (attempt !== undefined) attempt.durationMs += 100;
      const queued = named(report, "verdict");
      queued.queuedMs += 500;
      queued.durationMs += 500;
    });
    expect(compareReports(before, after).slower).toEqual([
      { task: "discover", beforeMs: 20.5, afterMs: 120.5, changeMs: 100 },
    ]);
    expect(compareReports(after, before).faster.map(({ task: name }) => name)).toEqual([
      "discover",
    ]);
    expect(compareReports(before, after, { minMs: 200 }).slower).toEqual([]);
    expect(compareReports(before, after, { minRatio: 5 }).slower).toEqual([]);
  });

  describe("with the thresholds left alone", () => {
    const slower = (fromMs: number, toMs: number): string[] => {
      const took = (ms: number): Report => {
        const report = JSON.parse(JSON.stringify(fixture("one"))) as Report;
        const [attempt] = named(report, "only").attemptStatistics;
        if (attempt !== undefined) attempt.durationMs = ms;
        return report;
      };
      return compareReports(took(fromMs), took(toMs)).slower.map(({ task: name }) => name);
    };

    it("take less than 10 ms for noise, however short the task was", () => {
      expect(slower(1, 10.999)).toEqual([]);
      expect(slower(1, 11)).toEqual(["only"]);
    });

    it("take less than a tenth of the time before for noise, however long that is", () => {
      expect(slower(1000, 1099.999)).toEqual([]);
      expect(slower(1000, 1100)).toEqual(["only"]);
    });
  });

  it("keep every change when the thresholds are 0, and no change is still none", () => {
    const after = changed((report) => {
      const [attempt] = named(report, "discover").attemptStatistics;
      if (attempt !== undefined) attempt.durationMs += 0.001;
    });
    const all = { minMs: 0, minRatio: 0 };
    expect(compareReports(before, after, all).slower).toEqual([
      { task: "discover", beforeMs: 20.5, afterMs: 20.501, changeMs: 0.001 },
    ]);
    expect(compareReports(before, before, all).slower).toEqual([]);
  });

  it.each([
    ["minMs", -1, "a number of milliseconds from 0 up, got -1."],
    ["minMs", Number.NaN, "a number of milliseconds from 0 up, got NaN."],
    ["minRatio", "a tenth", 'a number from 0 up, got "a tenth".'],
  ] as const)("refuse a threshold that is none: %s %s", (name, value, expected) => {
    expect(() => compareReports(before, before, { [name]: value })).toThrow(
      `compareReports(): Expected \`${name}\` to be ${expected}`,
    );
  });

  it("show what got flakier, what newly decides the length, and what came, went or ended otherwise", () => {
    const after = changed((report) => {
      const flaky = named(report, "discover");
      const [attempt] = flaky.attemptStatistics;
      if (attempt !== undefined)
        flaky.attemptStatistics.unshift(
          { ...attempt, status: "failed" },
          { ...attempt, status: "failed" },
        );
      named(report, "archive").taskName = "archive-2";
      named(report, "verdict").status = "failed";
      report.analysis.criticalPath.push({
        task: "instant",
        attempt: 1,
        link: "dependency",
        gapMs: 1,
        runMs: 2,
      });
    });
    expect(compareReports(before, after)).toMatchObject({
      flakier: [{ task: "discover", before: 0, after: 2 }],
      newlyCritical: ["instant"],
      statusChanged: [{ task: "verdict", before: "completed", after: "failed" }],
      added: ["archive-2"],
      removed: ["archive"],
      makespan: { changeMs: 3 },
    });
  });
});

describe("the report as the Python scheduler writes it", () => {
  const report = fixture("mixed");
  const python = toAstrumPython(report);

  it("has its field names, level by level", () => {
    expect(Object.keys(python)).toEqual([
      "total_start_time",
      "total_end_time",
      "total_duration",
      "planning_duration",
      "execution_duration",
      "total_tasks",
      "total_stages",
      "max_parallelism",
      "successful_tasks",
      "failed_tasks",
      "stage_statistics",
      "task_statistics",
      "execution_state",
      "error_summary",
      "original_tasks",
      "task_return_set",
    ]);
    expect(Object.keys(python.stage_statistics[0] ?? {})).toEqual([
      "stage_id",
      "stage_name",
      "start_time",
      "end_time",
      "duration",
      "parallel_task_count",
      "wait_task_count",
      "parallel_tasks",
      "wait_tasks",
    ]);
    expect(Object.keys(python.task_statistics[0] ?? {})).toEqual([
      "task_name",
      "stage_id",
      "start_time",
      "end_time",
      "duration",
      "status",
      "error_message",
      "retry",
      "attempt_count",
      "attempt_statistics",
    ]);
    expect(Object.keys(python.task_statistics[0]?.attempt_statistics[0] ?? {})).toEqual([
      "task_name",
      "attempt_number",
      "max_retries",
      "start_time",
      "end_time",
      "duration",
      "status",
      "error_message",
      "will_retry",
    ]);
  });

  it("is in seconds since 1970 and leaves out what never started", () => {
    expect(python.total_start_time).toBe(1_795_448_400);
    expect(python.total_duration).toBe(report.totalDurationMs / 1000);
    expect(python.task_statistics).toHaveLength(
      report.taskStatistics.filter(({ startAt }) => startAt !== null).length,
    );
    expect(new Set(python.task_statistics.map(({ status }) => status))).toEqual(
      new Set(["completed", "failed", "cancelled"]),
    );
  });

  it("holds outputs only when asked", () => {
    expect(toAstrumPython(fixture("one")).task_return_set).toEqual({});
    expect(toAstrumPython(fixture("one"), { outputs: true }).task_return_set).toEqual({
      only: { rows: 3 },
    });
  });
});
