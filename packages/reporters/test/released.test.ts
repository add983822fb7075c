/** A value that lived in a run, and one that could not be let go, in every format that tells of tasks. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, type Observer, type SerializedReport, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import {
  eventLog,
  parseReport,
  readEventLog,
  redactReport,
  renderChromeTrace,
  renderCsv,
  renderCtrf,
  renderGithubAnnotations,
  renderHtml,
  renderJUnit,
  renderMarkdown,
  renderNdjson,
  renderOtlpJson,
  renderTap,
  renderText,
} from "../src/index.ts";
import { printSummary, progress } from "../src/terminal/index.ts";
import { TestTerminal } from "./terminal-screen.ts";

/** `folder` goes as it should, `db` does not; every task completes. */
function shop() {
  const folder = task("folder", () => "a folder", { release: () => {} });
  const db = task("db", () => "a database", {
    release: () => {
      throw new Error("port in use at https://ada:secret@example.org/");
    },
  });
  return flow("shop", { page: task("page", { folder, db }, () => 1) });
}

async function ran(observers: Observer[] = []): Promise<SerializedReport> {
  return (await shop().run({ runId: "run", observers })).toJSON();
}

describe("A value that was not released", () => {
  it("is an error of its task in test results and annotations", async () => {
    const report = await ran();
    expect(report).toMatchObject({ executionState: "failed", successfulTasks: 3 });
    const xml = renderJUnit(report);
    expect(xml).toContain('errors="1"');
    expect(xml).toMatch(
      /name="db"[^>]*>\s*<error message="its value was not released: Error: port/,
    );
    expect(renderTap(report)).toMatch(/^not ok \d+ - db$/m);
    expect(renderTap(report)).toMatch(/^ok \d+ - page$/m);
    const { tests } = (JSON.parse(renderCtrf(report)) as { results: { tests: object[] } }).results;
    expect(tests).toContainEqual(expect.objectContaining({ name: "db", status: "failed" }));
    expect(renderGithubAnnotations(report)).toMatch(/^::error [^\n]*db/m);
  });

  it("is told where failures are: in text, Markdown, HTML and on a terminal", async () => {
    const report = await ran();
    const said = "its value was not released";
    expect(renderText(report)).toMatch(
      /Failures:\n\s+✗ db\n\s+its value was not released\n\s+Error: port/,
    );
    expect(renderMarkdown(report)).toContain(`### 1 failed\n\n- ✗ \`db\`: \`${said}: Error: port`);
    expect(renderHtml(report)).toContain(`${said}: Error: port in use`);
    const terminal = new TestTerminal({ columns: 120, rows: 40 });
    printSummary(report, { stream: terminal, color: false });
    expect((await terminal.lines()).join("\n")).toContain(`✗ db: ${said}: Error: port`);
  });

  it("is told when it happens", async () => {
    const terminal = new TestTerminal({ columns: 120, rows: 40 }, false);
    await ran([progress({ stream: terminal, color: false })]);
    const text = (await terminal.lines()).join("\n");
    expect(text).toContain("✗ db: its value was not released: Error: port in use");
    expect(text).not.toContain("folder: its value");
  });

  it("keeps no password that its error names", async () => {
    const report = await ran();
    expect(JSON.stringify(report)).toContain("secret");
    for (const text of [
      JSON.stringify(redactReport(report)),
      renderText(report),
      renderCsv(report),
      renderJUnit(report),
      renderNdjson(report),
    ]) {
      expect(text).toContain("port in use");
      expect(text).not.toContain("secret");
    }
  });
});

describe("A value that came too late, of a task whose failure is tolerated, and was not released", () => {
  it("fails the run, and is told beside that failure", async () => {
    const clock = new VirtualClock();
    const late = task("late", () => clock.wait(50).then(() => "a folder"), {
      timeoutMs: 10,
      onFailure: "ignore",
      release: () => {
        throw new Error("folder in use");
      },
    });
    const report = (await clock.run(flow("shop", { late }).run({ clock, graceMs: 100 }))).toJSON();
    expect(report).toMatchObject({ executionState: "failed", toleratedFailures: 1 });
    const said = "its value was not released: Error: folder in use";
    const tolerated = "took longer than 10 ms";
    const [, failures = "", warnings = ""] = renderText(report).split(/Failures:|Warnings, fail/);
    expect(failures).toMatch(/✗ late\n\s+its value was not released\n\s+Error: folder in use/);
    expect(failures).not.toContain(tolerated);
    expect(warnings).toContain(tolerated);
    expect(warnings).not.toContain("folder in use");
    expect(renderMarkdown(report)).toContain(`### 1 failed\n\n- ✗ \`late\`: \`${said}`);
    expect(renderMarkdown(report)).toMatch(/which is tolerated\n\n- ✗ `late`: .*took longer/);
    expect(renderHtml(report)).toContain(said);
    expect(renderJUnit(report)).toContain(`<error message="${said}`);
    expect(renderGithubAnnotations(report)).toMatch(/^::error [^\n]*late::.*folder in use/m);
    expect(renderGithubAnnotations(report)).toMatch(/^::warning [^\n]*late.*took longer/m);
  });
});

describe("A value that had gone by itself", () => {
  const lose = async (observers: Observer[] = []): Promise<SerializedReport> => {
    const gone = new Error("killed at https://ada:secret@example.org/");
    const server = task("server", () => "a server", {
      release: () => {},
      lost: () => Promise.reject(gone),
    });
    const wait = async (signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const use = task("use", { server }, (_, { signal }) => wait(signal));
    return (await flow("shop", { use }).run({ runId: "run", observers })).toJSON();
  };

  it("is the failure of those that read it, with its cause, in every format", async () => {
    const report = await lose();
    for (const text of [renderText(report), renderMarkdown(report), renderJUnit(report)]) {
      expect(text).toMatch(/&quot;server&quot; has gone|"server" has gone/);
      expect(text).toContain("killed at");
      expect(text).not.toContain("secret");
    }
    expect(JSON.stringify(redactReport(report))).not.toContain("secret");
    expect(renderHtml(report)).toContain("its value had gone by itself");
    expect(renderChromeTrace(report)).toContain('"lostAt"');
    expect(renderOtlpJson(report)).toContain('"astrum.task.lost"');
    expect(renderCsv(report).split("\r\n")[0]).toMatch(/,lostAt,/);
  });

  it("is told when it happens, and by an event log, whose report is the run's own", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "lost-")), "log.ndjson");
    const log = eventLog(path, { redact: false });
    const terminal = new TestTerminal({ columns: 120, rows: 40 }, false);
    const report = await lose([log.observer, progress({ stream: terminal, color: false })]);
    log.close();
    const text = (await terminal.lines()).join("\n");
    expect(text).toContain("! server has gone by itself: Error: killed at");
    expect(text).not.toContain("secret");
    const [server] = readEventLog(path).taskStatistics;
    expect(server).toMatchObject({ lostAt: report.taskStatistics[0]?.lostAt });
    expect(server?.lostError).toEqual(report.taskStatistics[0]?.lostError);
    expect(parseReport(JSON.stringify(report))).toEqual(report);
  });
});

describe("When a value was released, and how long that took,", () => {
  it("is in tables, traces and the page", async () => {
    const report = await ran();
    const [head, ...rows] = renderCsv(report).split("\r\n");
    expect(head).toMatch(/,releasedAt,releaseMs,releaseError,lostAt,/);
    expect(rows.find((row) => row.startsWith("folder"))).toMatch(/,\d+(\.\d+)?,\d+(\.\d+)?,,,$/);
    expect(renderOtlpJson(report)).toContain('"astrum.task.release_ms"');
    expect(renderChromeTrace(report)).toContain('"releaseMs"');
    expect(renderHtml(report)).toContain("its value was released");
  });

  it("is valid, in an event log too, whose report is the run's own", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "released-")), "log.ndjson");
    const log = eventLog(path, { redact: false });
    const report = await ran([log.observer]);
    log.close();
    expect(parseReport(JSON.stringify(report))).toEqual(report);
    const rebuilt = readEventLog(path);
    const released = ({ taskStatistics }: SerializedReport) =>
      taskStatistics.map(({ taskName, releasedAt, releaseMs, releaseError }) => [
        taskName,
        releasedAt,
        releaseMs,
        releaseError,
      ]);
    expect(released(rebuilt)).toEqual(released(report));
    expect(rebuilt.errorSummary).toEqual(report.errorSummary);
  });
});
