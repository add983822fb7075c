/** What the audit leaves and tells beside its findings: reports, progress, metrics. Starts no process. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromEvents, type SerializedReport } from "@astrum/core";
import { eventLog, parseReport, readEventLog } from "@astrum/reporters";
import { describe, expect, onTestFinished, test } from "vitest";
import { auditFlow } from "../src/graph.ts";
import { serveMetrics } from "../src/metrics.ts";
import { partsOf } from "../src/outputs.ts";
import { verdictLines } from "../src/print.ts";
import { resumeLines } from "../src/tell.ts";
import { judge } from "../src/verdict.ts";
import { inProcess } from "./in-process.ts";
import { expectedOfKnown, knownTree } from "./known-tree.ts";
import { temporaryTree } from "./temporary-tree.ts";

const known = knownTree();
const newFolder = (): string => join(temporaryTree(), "out");
const text = (...path: string[]): string => readFileSync(join(...path), "utf8");

describe("reports:", () => {
  test("one file for each that is asked for, and none else", async () => {
    const out = newFolder();
    await inProcess(["--out", out, "--report", "junit,trace,md,mermaid,dot,ndjson", known()]);
    expect(readdirSync(out).sort()).toEqual([
      ".gitignore",
      "findings.json",
      "history.ndjson",
      "report.dot",
      "report.junit.xml",
      "report.md",
      "report.mmd",
      "report.ndjson",
      "report.trace.json",
      "run.ndjson",
    ]);
  });

  test("the tail adds a line to the history", async () => {
    const out = newFolder();
    for (const _ of [1, 2]) await inProcess(["--out", out, "--report", "json", known()]);
    const lines = text(out, "history.ndjson").trimEnd().split("\n");
    const { counts } = JSON.parse(text(out, "findings.json")) as { counts: unknown };
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      [1, 2].map(() => ({ at: expect.any(String), state: "failed", counts })),
    );
  });

  test("--from tells a run again: the same findings, and any report", async () => {
    const out = newFolder();
    await inProcess(["--out", out, "--report", "none", known()]);
    const again = newFolder();
    const log = join(out, "run.ndjson");
    const told = await inProcess(["--out", again, "--from", log, "--report", "html,json"]);
    expect(told).toMatchObject({ code: 1, stdout: expectedOfKnown });
    expect(parseReport(JSON.parse(text(again, "report.json")))).toMatchObject({
      executionState: "completed",
    });
    expect(text(again, "report.html")).toMatch(/^<!doctype html>/i);
  });

  test("--from tells a run that was interrupted again: what it had found by then, and its exit code", async () => {
    const out = newFolder();
    mkdirSync(out);
    const log = eventLog(join(out, "run.ndjson"), { redact: false });
    const interrupt = new AbortController();
    const interrupter = fromEvents("interrupter", (event) => {
      if (event.type === "task.end" && event.task.key === "imports:cycles") interrupt.abort();
    });
    const limits = { failOn: [], maxDup: 5 };
    const run = await auditFlow({ root: known(), out, atOnce: 1, ...limits }).run({
      observers: [log.observer, interrupter],
      journal: log.journal,
      failure: "continue",
      signal: interrupt.signal,
    });
    await run.tail;
    log.close();
    expect(run.executionState).toBe("cancelled");
    const told = verdictLines(judge(partsOf(run.outputs), limits));
    expect(told.at(-1)).toMatch(/^incomplete: .* 4 import cycles, \? duplicated blocks/);
    const args = ["--fail-on", "none", "--from", join(out, "run.ndjson")];
    const { code, stdout } = await inProcess(["--out", newFolder(), ...args]);
    expect({ code, stdout }).toEqual({ code: 130, stdout: `${told.join("\n")}\n` });
  });

  test("one that cannot be written takes no finding with it", async () => {
    const out = temporaryTree({ "report.html/in-the-way": "" });
    const { code, stdout, stderr } = await inProcess(["--out", out, known()]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: expectedOfKnown });
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/EISDIR: .*report\.html'$/);
  });

  test("--from says what is no log", async () => {
    const root = temporaryTree({ "a.md": "# A\n" });
    for (const log of ["a.md", "gone.ndjson"]) {
      const { code, stderr } = await inProcess(["--out", newFolder(), "--from", join(root, log)]);
      expect(code).toBe(64);
      expect(stderr).toContain(`Cannot tell "${join(root, log)}" again: `);
    }
  });
});

test("the last line says where the report is", async () => {
  const out = newFolder();
  const lines = (await inProcess(["--out", out, known()])).stderr.trimEnd().split("\n");
  expect(lines.at(-1)).toBe(`astrum-audit: the report: ${join(out, "report.html")}`);
});

describe("--progress", () => {
  test("none tells only what came of it", async () => {
    const { stderr } = await inProcess(["--out", newFolder(), "--progress", "none", known()]);
    expect(stderr).not.toContain("items");
    expect(stderr).toContain("auditing");
  });

  test("ndjson tells every event", async () => {
    const { stderr } = await inProcess(["--out", newFolder(), "--progress", "ndjson", known()]);
    const events = stderr.split("\n").filter((line) => line.startsWith("{"));
    const types = new Set(events.map((line) => (JSON.parse(line) as { type: string }).type));
    expect([...types]).toEqual(expect.arrayContaining(["run.start", "attempt.end", "run.end"]));
  });
});

test("there is nothing to resume where there was no audit", async () => {
  const out = newFolder();
  const { code, stderr } = await inProcess(["--out", out, "--resume", known()]);
  expect(code).toBe(64);
  expect(stderr).toContain(`There is nothing to resume: no "${join(out, "run.ndjson")}"`);
});

test("what is no log is not gone on from, and stays as it is", async () => {
  const out = temporaryTree({ "run.ndjson": "# A\n" });
  const { code, stderr } = await inProcess(["--out", out, "--resume", known()]);
  expect(code).toBe(64);
  expect(stderr).toContain(
    `Leave out "--resume", which cannot go on from "${join(out, "run.ndjson")}": `,
  );
  expect(readdirSync(out)).toEqual(["run.ndjson"]);
});

test("what is told of a name with terminal codes is one harmless line", async () => {
  const { stderr } = await inProcess(["--out", newFolder(), "--from", "a\n\u001b[2Jb"]);
  expect(stderr.split("\n")[0]).toMatch(
    /Cannot tell "a\\u000a\\u001b\[2Jb" again: there is no such file/,
  );
});

test.each([
  ["has just been made", ""],
  ["was cut off in its first line", '{"v":1,"seq":0,"run":"9c'],
])("a log that %s is gone on from: it is the beginning", async (_, content) => {
  const out = newFolder();
  mkdirSync(out);
  writeFileSync(join(out, "run.ndjson"), content);
  const whole = await inProcess(["--out", newFolder(), known()]);
  const { code, stdout, stderr } = await inProcess(["--out", out, "--resume", known()]);
  expect({ code, stdout }).toEqual({ code: whole.code, stdout: whole.stdout });
  expect(stderr).toContain("resumed: nothing had been done before");
  expect(readEventLog(join(out, "run.ndjson")).executionState).toBe("completed");
});

test("what was done and could not be kept is named, with the reason", () => {
  const rerun = [
    { task: "discover", why: "its output was not stored: .files[3] is a Date" },
    { task: "read", why: 'its dependency "discover" runs again' },
    { task: "verdict", why: "it had not ended when the earlier run was interrupted" },
  ];
  const report = { restoredTasks: 0, totalTasks: 3, resume: { restored: [], ignored: [], rerun } };
  expect(resumeLines(report as unknown as SerializedReport)).toEqual([
    "resumed: 0 of 3 tasks were done before",
    "done again: discover: its output was not stored: .files[3] is a Date",
  ]);
});

describe("--metrics", () => {
  test("serves both formats, and the totals are the report's", async () => {
    const metrics = await serveMetrics(0);
    onTestFinished(() => metrics.stop());
    const settings = { root: known(), out: temporaryTree(), atOnce: 8, maxDup: 5, failOn: [] };
    const { observers } = metrics;
    const report = await auditFlow(settings).run({ observers, failure: "continue" });
    const scraped = async (accept: string) => {
      const response = await fetch(metrics.place, { headers: { accept } });
      return { type: response.headers.get("content-type"), text: await response.text() };
    };
    const classic = await scraped("text/plain");
    const open = await scraped("application/openmetrics-text; version=1.0.0");
    expect(classic.type).toContain("text/plain");
    expect(open.type).toContain("application/openmetrics-text");
    expect(open.text.endsWith("# EOF\n")).toBe(true);
    const leaves = report.taskStatistics.filter(({ kind }) => kind !== "map");
    const attempts = leaves.reduce((sum, { attemptCount }) => sum + attemptCount, 0);
    // A map counts by its items.
    const completed = leaves.filter(({ status }) => status === "completed").length;
    for (const { text } of [classic, open]) {
      expect(sum(text, "astrum_runs_total", 'result="success"')).toBe(1);
      expect(sum(text, "astrum_tasks_total", 'result="success"')).toBe(completed);
      expect(sum(text, "astrum_task_attempts_total", "")).toBe(attempts);
    }
  });

  test("on a port that is taken is wrong usage", async () => {
    const taken = await serveMetrics(0);
    onTestFinished(() => taken.stop());
    const { port } = new URL(taken.place);
    const { code, stderr } = await inProcess(["--out", newFolder(), "--metrics", port, known()]);
    expect(code).toBe(64);
    expect(stderr).toContain(`Cannot serve metrics on port ${port}: listen EADDRINUSE`);
  });

  test("leaves them in a file", async () => {
    const path = join(temporaryTree(), "audit.prom");
    await inProcess(["--out", newFolder(), "--metrics", path, known()]);
    expect(readFileSync(path, "utf8")).toMatch(/^astrum_\w*success\w*\{flow="audit"\} \d/m);
  });
});

/** Of the samples of this name that have this label. */
function sum(text: string, name: string, label: string): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
    .reduce((total, line) => total + Number(/\} (\S+)/.exec(line)?.[1]), 0);
}
