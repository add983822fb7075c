/** What a task said with `context.log()`: beside its failure in every format for people, in the log, and without secrets. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, type SerializedReport, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  eventLog,
  readEventLog,
  renderCtrf,
  renderHtml,
  renderJson,
  renderJUnit,
  renderMarkdown,
  renderNdjson,
  renderTap,
  renderText,
} from "../src/index.ts";
import { progress } from "../src/terminal/index.ts";
import { saidText } from "../src/wording/log-text.ts";
import { TestTerminal } from "./terminal-screen.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-said-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

/** A new one, with this in it. */
function temporaryFile(text = ""): string {
  const file = join(folder, `${files++}.ndjson`);
  if (text !== "") writeFileSync(file, text);
  return file;
}

const terminal = new TestTerminal({ columns: 120, rows: 40 }, false);
let report: SerializedReport;
let fromLog: SerializedReport;

beforeAll(async () => {
  const clock = new VirtualClock();
  const pages = task("pages", async (_, { log }) => {
    for (let page = 0; page < 150; page++) {
      await clock.wait(10);
      log(`page ${page} of postgres://me:hunter2@db/x`, { page, password: "hunter2" });
    }
    log("\u001b[2J<script>alert(1)</script> & ```");
    throw new Error("the last page is broken");
  });
  const fine = task("fine", (_, { log }) => log("all is well"));
  const file = temporaryFile();
  const log = eventLog(file, { redact: false });
  const run = flow("book", { pages, fine }).run({
    clock,
    failure: "continue",
    observers: [log.observer, progress({ stream: terminal, color: false })],
    journal: log.journal,
  });
  report = JSON.parse(JSON.stringify(await clock.run(run))) as SerializedReport;
  await log.close();
  fromLog = readEventLog(file);
});

function attempt(
  of: SerializedReport,
): SerializedReport["taskStatistics"][number]["attemptStatistics"][number] {
  const found = of.taskStatistics.find(({ taskName }) => taskName === "pages");
  return found?.attemptStatistics[0] as never;
}

describe("The log of a task", () => {
  it("is in the event log, line for line: the report made of it has the same lines and counts", () => {
    expect(attempt(report).log).toHaveLength(100);
    expect(attempt(report).logDropped).toBe(51);
    expect(attempt(fromLog).log).toEqual(attempt(report).log);
    expect(attempt(fromLog).logDropped).toBe(51);
  });

  it("comes back from NDJSON as it was", () => {
    const lines = renderNdjson(report, { redact: false });
    const path = temporaryFile(lines);
    expect(attempt(readEventLog(path)).log).toEqual(attempt(report).log);
  });

  it.each([
    ["text", () => renderText(report)],
    ["Markdown", () => renderMarkdown(report)],
    ["HTML", () => renderHtml(report)],
    ["JUnit", () => renderJUnit(report)],
    ["CTRF", () => renderCtrf(report)],
    ["TAP", () => renderTap(report)],
    ["a terminal that was watched", () => terminal.text],
  ])(
    "stands beside the failure in %s, the last lines first of all, without secrets",
    (_, render) => {
      const shown = render();
      expect(shown).toContain("page 149 of postgres://");
      expect(shown).toMatch(/page=149/);
      expect(shown).toMatch(/\d+ lines before/);
      expect(shown).not.toContain("hunter2");
      expect(shown).not.toContain("\u001b[2J");
    },
  );

  it.each([
    ["HTML", () => renderHtml(report)],
    ["JUnit", () => renderJUnit(report)],
  ])("is a text in %s, and no markup", (_, render) => {
    const shown = render();
    expect(shown).toContain("&lt;script&gt;alert(1)");
    expect(shown).not.toContain("<script>alert(1)</script>");
  });

  it("is without secrets in JSON, in a message as in an attribute", () => {
    const shown = renderJson(report);
    expect(shown).toContain("page 149");
    expect(shown).not.toContain("hunter2");
    expect(renderNdjson(report)).not.toContain("hunter2");
  });

  it("is looked at by a rule of one's own too", () => {
    const redact = (text: string): string => text.replaceAll("page ", "leaf ");
    const log = attempt(JSON.parse(renderJson(report, { redact })) as SerializedReport).log ?? [];
    expect(log[0]?.message).toMatch(/^leaf 51/);
  });
});

describe("A line of it", () => {
  it("says when, what, and its attributes, each as one word", () => {
    const line = { at: 1_500, message: "page 3", attributes: { n: 3, of: "two words", none: "" } };
    expect(saidText([line], 0, 300)).toBe('1.2 s  page 3 n=3 of="two words" none=""');
  });

  it("is one of the last, with how many there were before", () => {
    const lines = Array.from({ length: 12 }, (_, at) => ({ at, message: `line ${at}` }));
    expect(saidText(lines, 5, 0, 2).split("\n")).toEqual([
      "… 15 lines before",
      expect.stringContaining("line 10"),
      expect.stringContaining("line 11"),
    ]);
  });

  it("is nothing when nothing was said", () => {
    expect(saidText([], 0, 0)).toBe("");
  });
});
