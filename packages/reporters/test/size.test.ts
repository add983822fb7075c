/**
 * No text and no report takes longer than others of its size. Nothing here is measured: the inputs are so large that what
 * looked at them over and over would need hours, in `pnpm test` minutes, and the test would run out of time.
 */
import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { describe, expect, it } from "vitest";
import {
  compareReports,
  estimatesFrom,
  parseReport,
  ReportFormatError,
  readEventLog,
  redactReport,
  renderCsv,
  renderGithubAnnotations,
  renderJson,
  renderJUnit,
  renderNdjson,
  reporters,
  toAstrumPython,
} from "../src/index.ts";
import { Lanes } from "../src/layout/lanes.ts";
import { printSummary } from "../src/terminal/index.ts";
import { withoutUrlSecrets } from "../src/wording/credentials.ts";
import { errorText, errorTitle } from "../src/wording/error-text.ts";
import { wellFormedJson } from "../src/wording/json-for-others.ts";
import { sourcePlace } from "../src/wording/source-place.ts";
import { cut, visible, visibleLines, visibleMessage, visibleName } from "../src/wording/visible.ts";
import { xmlAttribute, xmlText } from "../src/wording/xml.ts";
import { fixture } from "./fixtures.ts";

/** What some pattern repeats, and what stands around it so that the pattern fails only at the end. */
const REPEATED: readonly string[] = [
  " ",
  "\n",
  "\r\n\t",
  "`",
  " (",
  "/",
  "\\",
  "|",
  '"',
  "x",
  "1:",
  "://",
  "?a=",
  "at ",
  "@",
  "\u001b]",
  "\u001b[0",
  "\ud800",
  "<!--",
];
const AROUND: readonly ((text: string) => string)[] = [
  (text) => ` ${text}x`,
  (text) => `    at f (${text}x`,
];

/** `pnpm test:nightly` has a million of everything. */
const ALL = process.env.ASTRUM_SIZES === "all";
const CHARACTERS = ALL ? 1_000_000 : 150_000;

function long(repeated: string, characters: number): string[] {
  const text = repeated.repeat(Math.ceil(characters / repeated.length));
  return AROUND.map((around) => around(text));
}

describe(`${CHARACTERS} characters of any one thing`, () => {
  it.each(REPEATED)("are a text like any other: %j", (repeated) => {
    for (const text of long(repeated, CHARACTERS)) {
      for (const say of [
        visible,
        visibleName,
        visibleLines,
        visibleMessage,
        xmlText,
        xmlAttribute,
        wellFormedJson,
        withoutUrlSecrets,
      ]) {
        expect(typeof say(text)).toBe("string");
      }
      expect(cut(text, 300).length).toBeLessThanOrEqual(600);
      const error = { name: "Error", message: text, stack: `Error: ${text}\n${text}` };
      expect(errorTitle(error).length).toBeLessThan(2000);
      expect(typeof errorText(error)).toBe("string");
      sourcePlace(error, "/srv/app");
    }
  });

  it.each(REPEATED)(
    "are no JSON like any other, ten times as long and in lines: %j",
    (repeated) => {
      const text = repeated.repeat(Math.ceil((10 * CHARACTERS) / repeated.length));
      for (const damaged of [`{}${text}x`, `${text}{}`, `{${text}`, `{}\n${text}{`]) {
        expect(() => parseReport(damaged)).toThrow(ReportFormatError);
      }
      for (const damaged of [`${text}{}\n`, `{}\n${text}`]) {
        expect(() => readEventLog(damaged)).toThrow(ReportFormatError);
      }
    },
  );
});

const views: Readonly<Record<string, (report: SerializedReport) => unknown>> = {
  ...Object.fromEntries(Object.values(reporters).map(({ name, render }) => [name, render])),
  "annotations with places": (report) => renderGithubAnnotations(report, { root: "/srv" }),
  "csv of attempts": (report) => renderCsv(report, { rows: "attempts" }),
  "junit of ant": (report) => renderJUnit(report, { dialect: "ant" }),
  "redacted json": (report) => renderJson(report, { redact: ["secret"], outputs: true }),
  summary: (report) =>
    printSummary(report, {
      stream: { isTTY: true, columns: 80, rows: 24, write() {} },
      stacks: true,
    }),
  python: toAstrumPython,
};

function copyOfOne(): SerializedReport {
  return JSON.parse(JSON.stringify(fixture("one"))) as SerializedReport;
}

describe("a report in which every text is long", () => {
  function withTexts(text: string): SerializedReport {
    const report = copyOfOne();
    const [task] = report.taskStatistics;
    const [attempt] = task?.attemptStatistics ?? [];
    if (task === undefined || attempt === undefined) throw new Error("no task");
    const error = { name: "E", message: text, stack: `E: ${text}` };
    report.run.flow = text;
    Object.assign(task, { taskName: text, status: "failed", error, tags: [text] });
    Object.assign(attempt, { status: "failed", error, errorMessage: text });
    report.analysis.criticalPath = [{ task: text, attempt: 1, link: "start", gapMs: 0, runMs: 1 }];
    return Object.assign(report, { executionState: "failed", errorSummary: [text] });
  }

  it.each(REPEATED)("is shown in every format: %j", (repeated) => {
    const [text = ""] = long(repeated, CHARACTERS / 5);
    const report = withTexts(text);
    for (const view of Object.values(views)) view(report);
  });
});

describe("a large report of any shape", () => {
  /** More than a call takes arguments, and minutes for all formats; otherwise only that all shapes are taken. */
  const MANY = ALL ? 160_000 : 100;
  const all = Array.from({ length: MANY }, (_, at) => at);
  const [model] = fixture("one").taskStatistics;
  const [modelAttempt] = model?.attemptStatistics ?? [];

  function task(at: number, more: object): TaskStatistics {
    return {
      ...(model as TaskStatistics),
      taskName: `t${at}`,
      attemptCount: 0,
      attemptStatistics: [],
      ...more,
    };
  }
  function attempt(task: string, more: object): object {
    const { slot: _, ...plain } = modelAttempt ?? {};
    return { ...plain, taskName: task, ...more };
  }
  function path(names: readonly string[]): SerializedReport["analysis"] {
    const criticalPath = names.map((name, at) => ({
      task: name,
      attempt: 1,
      link: "item" as const,
      gapMs: 0,
      runMs: at,
    }));
    return { ...fixture("one").analysis, criticalPath };
  }

  const shapes: Readonly<Record<string, () => Partial<SerializedReport>>> = {
    "attempts that all overlap, without slots": () => ({
      taskStatistics: all.map((at) =>
        task(at, {
          attemptCount: 1,
          attemptStatistics: [attempt(`t${at}`, { startAt: at, endAt: 1e9 })],
        }),
      ),
    }),
    "attempts of one task": () => ({
      taskStatistics: [
        task(0, {
          attemptCount: MANY,
          attemptStatistics: all.map((at) =>
            attempt("t0", {
              attemptNumber: at + 1,
              startAt: at,
              endAt: at + 1,
              status: "failed",
              errorMessage: "m",
            }),
          ),
        }),
      ],
    }),
    "items of one map, each waiting for the one before": () => ({
      taskStatistics: [
        task(0, { kind: "map" }),
        ...all.map((at) =>
          task(at, {
            taskName: `t0[${at}]`,
            kind: "item",
            parent: "t0",
            index: at,
            stageId: null,
            attemptCount: 1,
            attemptStatistics: [attempt(`t0[${at}]`, { slot: 0, startAt: at, endAt: at + 1 })],
          }),
        ),
      ],
      analysis: path(all.map((at) => `t0[${at}]`)),
    }),
    "a chain in which the first task failed": () => ({
      executionState: "failed",
      taskStatistics: all.map((at) =>
        task(at, {
          stageId: at,
          dependencies: at === 0 ? [] : [{ task: `t${at - 1}`, kind: "value" }],
          ...(at === 0
            ? { status: "failed", error: { name: "E", message: "m" } }
            : {
                status: "skipped",
                reason: { kind: "dependency", task: `t${at - 1}`, root: "t0" },
              }),
        }),
      ),
      analysis: path(all.map((at) => `t${at}`)),
    }),
    "failures, each with an error of its own": () => ({
      executionState: "failed",
      taskStatistics: all.map((at) =>
        task(at, {
          status: "failed",
          error: { name: "E", message: `m${at}`, errors: [{ name: "E", message: "x" }] },
        }),
      ),
      errorSummary: all.map((at) => `m${at}`),
    }),
    "one error of many": () => ({
      executionState: "failed",
      taskStatistics: [
        task(0, {
          status: "failed",
          error: {
            name: "E",
            message: "m",
            errors: all.map((at) => ({ name: "E", message: `m${at}` })),
          },
        }),
      ],
    }),
    "problems of a plan": () => ({
      executionState: "failed",
      planIssues: all.map((at) => ({
        code: "c",
        message: `m${at}`,
        path: [`t${at}`],
        suggestion: "s",
      })),
    }),
    "observers that threw": () => ({
      observerErrors: all.map((at) => ({ name: "E", message: `m${at}` })),
    }),
    "tasks of one name": () => ({ taskStatistics: all.map(() => task(0, {})) }),
    "dependents of one task": () => ({
      taskStatistics: all.map((at) =>
        task(at, {
          stageId: at === 0 ? 0 : 1,
          dependencies: at === 0 ? [] : [{ task: "t0", kind: "value" }],
        }),
      ),
    }),
    "tasks, each inside of the one before": () => ({
      taskStatistics: all.map((at) =>
        task(at, { role: "subflow", stageId: null, ...(at === 0 ? {} : { parent: `t${at - 1}` }) }),
      ),
    }),
    "flows inside of one task": () => ({
      taskStatistics: [
        task(0, { kind: "map" }),
        ...all.map((at) =>
          task(at, {
            taskName: at % 2 === 0 ? `t0[${at}]` : `t0[${at - 1}].t`,
            kind: at % 2 === 0 ? "item" : "task",
            ...(at % 2 === 0 ? { role: "subflow" } : {}),
            parent: at % 2 === 0 ? "t0" : `t0[${at - 1}]`,
            stageId: null,
          }),
        ),
      ],
    }),
    "reasons, each of its own": () => ({
      taskStatistics: all.map((at) =>
        task(at, { status: "cancelled", reason: { kind: "aborted", message: `m${at}` } }),
      ),
    }),
  };

  /** A minute each on a calm machine, and nothing that is quadratic ends before it. */
  const PATIENCE_MS = 600_000;

  it.each(Object.keys(shapes))(
    "is shown in every format, read back, and compared: %s",
    (shape) => {
      const report = { ...copyOfOne(), ...shapes[shape]?.() } as SerializedReport;
      for (const view of Object.values(views)) view(report);
      parseReport(report);
      compareReports(report, report);
      estimatesFrom(report);
      const log = renderNdjson(report, { redact: false });
      expect(readEventLog(log).taskStatistics.length).toBeGreaterThan(0);
      const cutOff = log.split("\n").filter((line) => !/"type":"(?:task|run)\.end"/.test(line));
      expect(readEventLog(cutOff.join("\n")).executionState).toBe("interrupted");
    },
    PATIENCE_MS,
  );

  function logOf(tasks: readonly object[]): string {
    const lines = tasks.map((task, seq) =>
      JSON.stringify({ v: 1, seq, run: "a", at: seq, type: "task.status", to: "waiting", ...task }),
    );
    return `${lines.join("\n")}\n`;
  }
  const info = { name: "t", stage: null, dependencies: [], maxAttempts: 1, tags: [] };

  it("reads a log of 50,000 tasks, each inside of the one before", () => {
    const log = logOf(
      Array.from({ length: 50_000 }, (_, at) => ({
        task: `t${at}`,
        info: { ...info, kind: "task", ...(at === 0 ? {} : { parent: `t${at - 1}` }) },
      })),
    );
    const call = { run: "a", at: 200_000, type: "attempt.start", attempt: 1, executor: "main" };
    const last = JSON.stringify({ v: 1, seq: 0, ...call, task: "t49999", waitedMs: 0 });
    const { taskStatistics } = readEventLog(`${log}${last}\n`);
    expect(taskStatistics.map(({ startAt }) => startAt)).toEqual(new Array(50_000).fill(200_000));
  });

  it("reads a log of a flow in which a map has 150,000 items", () => {
    const items = Array.from({ length: 150_000 }, (_, index) => ({
      task: `f.m[${index}]`,
      info: { ...info, kind: "item", parent: "f.m", index },
    }));
    const log = logOf([
      { task: "f", info: { ...info, kind: "task", role: "subflow" } },
      { task: "f.m", info: { ...info, kind: "map", parent: "f" } },
      ...items,
    ]);
    expect(readEventLog(log).totalTasks).toBe(150_002);
  });

  it("puts 400,000 attempts that all overlap on as many lanes", () => {
    const lanes = new Lanes(new Array(400_000).fill(undefined));
    for (let at = 0; at < 400_000; at++) lanes.take(undefined, at, 1e12);
    expect(lanes.count).toBe(400_000);
    // All are free again, and handed out from the lowest one up.
    expect(lanes.take(undefined, 2e12, 3e12)).toBe(0);
    expect(lanes.take(undefined, 2e12, 3e12)).toBe(1);
  });

  it("tells 200,000 problems of a plan on a terminal", () => {
    const planIssues = Array.from({ length: 200_000 }, (_, at) => ({
      code: "c",
      message: `m${at}`,
      path: [],
    }));
    views.summary?.({ ...copyOfOne(), planIssues });
  });

  it("is refused with a complaint of usual length, however much of it is wrong", () => {
    const taskStatistics = Array.from({ length: 20_000 }, (_, at) => ({
      ...task(at, {}),
      status: at,
    }));
    const wrong = { ...copyOfOne(), taskStatistics, resume: taskStatistics };
    expect(() => parseReport(wrong)).toThrow(/… and \d+ more$/);
  });

  it("keeps 100,000 names apart that differ only in a secret", () => {
    const taskStatistics = Array.from({ length: 100_000 }, (_, at) =>
      task(at, { taskName: `user-${at}` }),
    );
    const clean = redactReport({ ...copyOfOne(), taskStatistics }, [/user-\d+/]);
    expect(new Set(clean.taskStatistics.map(({ taskName }) => taskName)).size).toBe(100_000);
  });
});
