/**
 * Whatever anything has done to an event log, it is refused with the line, or read as a valid report which every format can
 * show, and nothing in it acts on a terminal or a page.
 */
import { flow, map, type SerializedReport, task } from "@astrum/core";
import { type Step, scripted, VirtualClock } from "@astrum/core/testing";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import {
  parseReport,
  ReportFormatError,
  readEventLog,
  renderJson,
  renderNdjson,
  reporters,
  reportSchema,
  toAstrumPython,
} from "../../src/index.ts";
import { lineDefinitions, lineSchemas } from "../../src/reading/line-schema.ts";
import { SchemaCheck } from "../../src/reading/schema-check.ts";
import { printSummary } from "../../src/terminal/index.ts";
import { lineObserver } from "../../src/writing/event-lines.ts";
import { lineWriter } from "../../src/writing/live-log.ts";
import { fixture } from "../fixtures.ts";
import { HOSTILE, pathsOf, replaced } from "./damage.ts";

const ajv = new Ajv2020({ strict: true, allErrors: false });
const valid = ajv.compile(reportSchema as object);

/** A small run in which every kind of line, status and reason occurs. */
async function liveLog(): Promise<string> {
  const clock = new VirtualClock(Date.UTC(2026, 10, 23));
  const lines: string[] = [];
  const write = lineWriter((line) => lines.push(line));
  const does = (...steps: Step[]): ReturnType<typeof scripted> => scripted(clock, ...steps);
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  const list = task("list", does({ ms: 2, return: ["a", "b"] }), { tags: ["io"] });
  const items = map("items", list, (item: string, _, context) => {
    context.progress(0.5, "half");
    context.log("a page", { number: 3, last: false });
    context.attributes.set("item", item);
    return does({ ms: 3, return: item })({}, context);
  });
  const flaky = task("flaky", does({ ms: 1, throw: "once" }, { ms: 1, return: 1 }), {
    retry: { attempts: 1, backoff: "fixed", baseMs: 2 },
  });
  const broken = task("broken", { list }, does({ ms: 1, throw: "no" }), { onFailure: "ignore" });
  const behind = task("behind", { broken }, () => 1);
  const unwanted = task("unwanted", { list }, () => 1, { when: () => ({ skip: "not today" }) });
  const slow = task("slow", { items }, does({ ms: 50, ignoresSignal: true }));
  // As a program without types writes it.
  const when = (() => clock.wait(50).then(() => true)) as never;
  const asked = task("asked", { items }, () => 1, { when });
  const late = task("late", { items }, does({ ms: 90 }));
  const server = task("server", () => 1, {
    release: () => {
      throw new Error("still there");
    },
    lost: () => clock.wait(4).then(() => Promise.reject(new Error("gone"))),
  });
  const needs = task("needs", { server }, does({ ms: 30 }), { onFailure: "ignore" });
  const unstored = task("unstored", () => ({ at: () => {} }), { priority: 1 });
  const roots = { items, flaky, behind, unwanted, slow, asked, needs, unstored };
  const run = flow("small", roots, { tails: { late } }).start({
    clock,
    runId: "r",
    concurrency: 2,
    graceMs: 5,
    observers: [lineObserver("log", write)],
    journal: ({ type, at, runId, ...entry }) => write(String(runId), at, { type, ...entry }),
  });
  clock.after(20, () => run.cancel("enough"));
  await clock.run(run.report);
  Error.stackTraceLimit = stackTraceLimit;
  return `${lines.join("\n")}\n`;
}

const logs: Record<string, string> = {};
beforeAll(async () => {
  const live = await liveLog();
  const lines = live.split("\n");
  logs["a run, told while it went on"] = live;
  logs["the same, cut off"] = `${lines.slice(0, Math.floor(lines.length * 0.6)).join("\n")}\n`;
  logs["a journal alone"] = `${lines
    .filter((line) => /"type":"(?:started|completed)"/.test(line))
    .join("\n")}\n`;
  logs["a finished report"] = renderNdjson(fixture("one"), { outputs: true, redact: false });
  logs["a finished report, cut off"] = logs["a finished report"]
    .split("\n")
    .slice(0, -2)
    .join("\n");
});
const NAMES = [
  "a run, told while it went on",
  "the same, cut off",
  "a journal alone",
  "a finished report",
  "a finished report, cut off",
];

/** A control character, but those of a text in lines; JSON may hold the second block, which no terminal acts on. */
const ACTING = /(?![\t\r\n])\p{Cc}|\p{Cs}/u;
const ACTING_IN_JSON = /(?![\t\r\n\x7f-\x9f])\p{Cc}|\p{Cs}/u;

const { html, ...quick } = reporters;

/** All lines, many bytes and all formats take minutes: `pnpm test:nightly`. Otherwise one line of each shape, and of the rest some. */
const ALL = process.env.ASTRUM_DAMAGE === "all";
const LINES = ALL ? Number.POSITIVE_INFINITY : 1;
const BYTES = ALL ? 5_000 : 60;
const REPORTS_SHOWN = ALL ? 1 : 20;
const PAGES_SHOWN = ALL ? 40 : 400;

let reports = 0;

/** In every format; the page takes longest. */
function shown(report: SerializedReport): void {
  if (reports++ % REPORTS_SHOWN !== 0) return;
  const formats = Object.values(reports % PAGES_SHOWN === 1 ? { ...quick, html } : quick);
  for (const { name, mediaType, render } of formats) {
    const text = render(report);
    const acting = (mediaType.includes("json") ? ACTING_IN_JSON : ACTING).exec(text)?.[0];
    if (acting !== undefined) throw new Error(`${name} holds ${JSON.stringify(acting)}`);
  }
  const pieces: string[] = [];
  printSummary(report, { stream: { write: (piece) => pieces.push(piece) }, color: false });
  expect(pieces.join("")).not.toMatch(ACTING);
  toAstrumPython(report);
}

const seen = new Set<string>();
let refused = 0;
let read = 0;

/** The one promise of this file. */
function holds(log: string): void {
  let report: SerializedReport;
  try {
    report = readEventLog(log);
  } catch (error) {
    if (!(error instanceof ReportFormatError)) throw error;
    expect(error.message).toMatch(
      /^Line \d+ of the event log (is damaged: |was changed after)|^Line \d+ of the event log is damaged:\n|version|not an event log|use parseReport/,
    );
    expect(error.message).not.toMatch(ACTING);
    refused++;
    return;
  }
  read++;
  const stored = JSON.stringify(report);
  if (seen.has(stored)) return;
  seen.add(stored);
  const plain: unknown = JSON.parse(stored);
  if (!valid(plain)) throw new Error(`${ajv.errorsText(valid.errors)}: ${stored.slice(0, 3000)}`);
  parseReport(renderJson(report, { outputs: true, redact: false }));
  shown(report);
}

function held(log: string, what: () => string): void {
  try {
    holds(log);
  } catch (error) {
    throw new Error(`${what()}: ${(error as Error).message}`, { cause: error });
  }
}

describe.each(NAMES)("the log of %s", (name) => {
  it("holds whatever becomes of any value in it", { timeout: 600_000 }, () => {
    const lines = (logs[name] as string).trimEnd().split("\n");
    const shapes = new Map<string, number>();
    lines.forEach((line, place) => {
      const value: unknown = JSON.parse(line);
      const shape = line.replace(/:(?:"[^"]*"|[-\d.]+)/g, "");
      shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
      if ((shapes.get(shape) ?? 0) > LINES) return;
      for (const path of pathsOf(value)) {
        for (const hostile of HOSTILE) {
          const damaged = JSON.stringify(replaced(value, path, hostile));
          const all = [...lines.slice(0, place), damaged, ...lines.slice(place + 1)];
          const what = (): string => `${path.join(".")} of line ${place + 1} = ${String(hostile)}`;
          held(`${all.join("\n")}\n`, what);
        }
      }
    });
    expect(refused).toBeGreaterThan(50);
    expect(read).toBeGreaterThan(50);
  });

  it("holds whatever becomes of any byte of it", { timeout: 600_000 }, () => {
    const log = logs[name] as string;
    const step = Math.max(1, Math.floor(log.length / BYTES));
    for (let at = 0; at < log.length; at += step) {
      const [before, one, after] = [log.slice(0, at), log[at], log.slice(at + 1)];
      for (const instead of ["", `${one}${one}`, "\u0000", "9", '"', "}", "\n", "\u001b"]) {
        const what = (): string => `byte ${at} as ${JSON.stringify(instead)}`;
        held(before + instead + after, what);
      }
    }
  });

  it("holds with any line taken out, told twice, or swapped with the next", {
    timeout: 120_000,
  }, () => {
    const lines = (logs[name] as string).trimEnd().split("\n");
    lines.forEach((line, at) => {
      const [before, after] = [lines.slice(0, at), lines.slice(at + 1)];
      const [next = line, ...rest] = after;
      for (const all of [
        [...before, ...after],
        [...before, line, line, ...after],
        [...before, next, line, ...rest],
        [...before, ...after, line],
        [line, ...before, ...after],
      ]) {
        held(`${all.join("\n")}\n`, () => `line ${at + 1}`);
      }
    });
  });
});

describe("a log with a line that no run writes", () => {
  const line = (body: object): string => JSON.stringify({ v: 1, seq: 0, run: "r", at: 5, ...body });
  const start = line({
    type: "run.start",
    flow: "f",
    stageCount: 1,
    maxParallelism: 1,
    concurrency: null,
    attributes: {},
  });
  const info = { name: "a", stage: 0, dependencies: [], maxAttempts: 1, tags: [] };
  const waiting = (task: string, more: object): string =>
    line({ type: "task.status", task, to: "waiting", info: { ...info, name: task, ...more } });
  const deepText = `{"name":"Error","message":"m","cause":`.repeat(20_000);

  it.each<[string, string, RegExp]>([
    ["an instant beyond all dates", line({ type: "run.start", at: 1e300 }), /at: expected at most/],
    [
      "nothing about a task",
      waiting("a", {}).replace(/"info":.*/, '"info":null}'),
      /info: expected object, got null/,
    ],
    [
      "a state of its own",
      line({ type: "run.end", executionState: "exploded" }),
      /executionState: expected one of/,
    ],
    [
      "an escape sequence for a number",
      renderNdjson(fixture("empty"))
        .split("\n")
        .at(-2)
        ?.replace('"totalTasks":0', '"totalTasks":"\\u001b[2J"') ?? "",
      /report\.totalTasks: expected integer, got "\\u001b\[2J"/,
    ],
    [
      "an error nested 20,000 deep",
      line({ type: "task.end", task: "a", outcome: { status: "failed", error: 7 } }).replace(
        '"error":7',
        `"error":${deepText}{"name":"Error","message":"m"}${"}".repeat(20_000)}`,
      ),
      /nested deeper than 240 levels/,
    ],
    ["no run", '{"v":1,"seq":0,"at":5,"type":"run.start"}', /run: missing/],
    [
      "an attempt before the first",
      line({ type: "attempt.start", task: "a", attempt: 0, executor: "main", waitedMs: 0 }),
      /attempt: expected at least 1, got 0/,
    ],
  ])("is refused, and says which and where: %s", (_, damaged, place) => {
    const log = `${start}\n${waiting("a", {})}\n${damaged}\n`;
    expect(() => readEventLog(log)).toThrow(ReportFormatError);
    expect(() => readEventLog(log)).toThrow(/^Line 3 of the event log is damaged/);
    expect(() => readEventLog(log)).toThrow(place);
    // The way out that it names is one.
    expect(() => readEventLog(log)).toThrow(/can be read without that line/);
    expect(readEventLog(`${start}\n${waiting("a", {})}\n`).totalTasks).toBe(1);
  });

  it("is read when its items are each other's map, and the report is valid", () => {
    const log = [
      start,
      waiting("a[0]", { parent: "b[0]" }),
      waiting("b[0]", { parent: "a[0]" }),
      line({ type: "task.status", task: "a[0]", to: "ready" }),
      line({ type: "task.status", task: "b[0]", to: "ready" }),
      line({ type: "attempt.start", task: "a[0]", attempt: 1, executor: "main", waitedMs: 0 }),
      "",
    ].join("\n");
    holds(log);
    expect(readEventLog(log).taskStatistics.map(({ kind }) => kind)).toEqual(["item", "item"]);
  });

  it("is read with very many stages and no start, attempts of one task, and lines of one that ended", () => {
    // More than a call takes arguments, where there is time for it.
    const length = ALL ? 150_000 : 20_000;
    const many = Array.from({ length }, (_, at) => at);
    const stages = many.map((at) => waiting(`t${at}`, { stage: at })).join("\n");
    expect(readEventLog(`${stages}\n`).totalStages).toBe(length);
    const attempts = many.flatMap((at) => [
      line({ type: "attempt.start", task: "a", attempt: at + 1, executor: "main", waitedMs: 0 }),
      line({
        type: "attempt.end",
        task: "a",
        attempt: at + 1,
        outcome: { status: "failed", error: { name: "E", message: "m" } },
        willRetry: true,
        delayMs: 0,
      }),
    ]);
    const retried = readEventLog(`${start}\n${waiting("a", {})}\n${attempts.join("\n")}\n`);
    expect(retried.analysis.criticalPath).toHaveLength(length);
    const ends = many.map(() =>
      line({
        type: "attempt.end",
        task: "a",
        attempt: 1,
        outcome: { status: "completed" },
        willRetry: false,
      }),
    );
    expect(
      readEventLog(`${start}\n${attempts.slice(0, 2).join("\n")}\n${ends.join("\n")}\n`)
        .totalAttempts,
    ).toBe(1);
  });

  it("tiles the time with its critical path though retries take none", () => {
    const log = [
      start,
      waiting("a", {}),
      ...[
        [5, 15],
        [15, 15],
        [15, 15],
      ].flatMap(([from, to], at) => [
        line({
          at: from,
          type: "attempt.start",
          task: "a",
          attempt: at + 1,
          executor: "main",
          waitedMs: 0,
        }),
        line({
          at: to,
          type: "attempt.end",
          task: "a",
          attempt: at + 1,
          outcome: { status: at < 2 ? "failed" : "completed" },
          willRetry: at < 2,
        }),
      ]),
      "",
    ].join("\n");
    const { criticalPath } = readEventLog(log).analysis;
    expect(criticalPath.map(({ attempt, gapMs, runMs }) => [attempt, gapMs, runMs])).toEqual([
      [1, 0, 10],
      [2, 0, 0],
      [3, 0, 0],
    ]);
  });
});

describe("the schemas of lines", () => {
  it("are JSON Schema, and give Ajv's verdict on lines with any value replaced", () => {
    const { $defs } = lineDefinitions;
    const check = new SchemaCheck(lineDefinitions);
    const strict = new Ajv2020({ strict: true, strictTypes: false });
    let rejected = 0;
    for (const [type, schema] of lineSchemas) {
      const verdictOf = strict.compile({ ...schema, $defs });
      const examples = Object.values(logs)
        .flatMap((log) => log.trimEnd().split("\n"))
        .map((line) => JSON.parse(line) as { type: string })
        .filter((line) => line.type === type)
        .slice(0, 6);
      expect(examples.length, type).toBeGreaterThan(0);
      for (const example of examples) {
        expect(verdictOf(example), `${type} ${strict.errorsText(verdictOf.errors)}`).toBe(true);
        for (const path of pathsOf(example)) {
          for (const hostile of HOSTILE) {
            const damaged: unknown = JSON.parse(JSON.stringify(replaced(example, path, hostile)));
            const verdict = verdictOf(damaged);
            if (!verdict) rejected++;
            expect(check.issues(schema, damaged).length === 0, path.join(".")).toBe(verdict);
          }
        }
      }
    }
    expect(rejected).toBeGreaterThan(1000);
  });
});
