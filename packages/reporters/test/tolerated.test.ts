import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, map, type Observer, type SerializedReport, task } from "@astrum/core";
import { describe, expect, it } from "vitest";
import {
  eventLog,
  parseReport,
  readEventLog,
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

/** A task, and an item with its map, fail and are tolerated; `page` fails the run if it is told to. */
function shop(fatal: boolean) {
  const boom = (fails: boolean, message: string): void => {
    if (fails) throw new Error(message);
  };
  const list = task("list", () => [1, 2, 3]);
  const prices = map("prices", list, (n) => boom(n === 2, "no price"), { onFailure: "ignore" });
  const extra = task("extra", () => boom(true, "no extra"), { onFailure: "ignore", retry: 1 });
  const page = task("page", { list }, () => boom(fatal, "no page"));
  return flow("shop", { prices, extra, page });
}

async function ran(fatal: boolean, observers: Observer[] = []): Promise<SerializedReport> {
  const options = { failure: "continue", runId: "run", observers } as const;
  return (await shop(fatal).run(options)).toJSON();
}

/** Where each is first told of; in this order. */
function places(text: string, ...words: readonly string[]): number[] {
  return words.map((word) => text.indexOf(word));
}

function inOrder(text: string): void {
  const found = places(text, "no page", "no extra", "no price");
  expect(found.every((place) => place >= 0)).toBe(true);
  expect(Math.min(...found)).toBe(found[0]);
}

describe("A tolerated failure", () => {
  it("is no error of a JUnit test result, and says why it is none", async () => {
    for (const dialect of ["jenkins", "ant"] as const) {
      const xml = renderJUnit(await ran(false), { dialect });
      expect(xml).not.toMatch(/<error|<rerunError|<flakyError|errors="[1-9]/);
    }
    const xml = renderJUnit(await ran(false));
    expect(xml).toContain('<skipped message="failed, tolerated: Error: no extra"/>');
    expect(xml).toMatch(
      /<testsuite name="shop" time="[\d.]+" tests="4" failures="0" errors="0" skipped="2"/,
    );
    expect(renderJUnit(await ran(true))).toMatch(/<testsuites [^>]*errors="1"/);
  });

  it("is `other` in CTRF", async () => {
    const { results } = JSON.parse(renderCtrf(await ran(false)));
    expect(results.summary).toMatchObject({ failed: 0, other: 3 });
    expect(results.tests).toContainEqual(
      expect.objectContaining({ name: "extra", status: "other", rawStatus: "failed" }),
    );
  });

  it("is nothing that a TAP harness counts", async () => {
    const lines = renderTap(await ran(false)).split("\n");
    const bad = lines.filter((line) => line.startsWith("not ok"));
    expect(bad).toHaveLength(3);
    for (const line of bad) expect(line).toContain(" # TODO its failure is tolerated");
  });

  it("is a warning among GitHub's annotations", async () => {
    const completed = renderGithubAnnotations(await ran(false));
    expect(completed).not.toContain("::error");
    expect(completed).toContain("::warning title=extra failed%2C which is tolerated::");
    inOrder(renderGithubAnnotations(await ran(true)));
  });

  it("is told after those that count in text, Markdown, HTML and the summary", async () => {
    const report = await ran(true);
    inOrder(renderText(report));
    inOrder(renderMarkdown(report));
    const [, section = ""] = renderHtml(report).split('<section id="failures"');
    inOrder(section);
    const terminal = new TestTerminal({ columns: 200, rows: 60 });
    printSummary(report, { stream: terminal, color: false });
    inOrder((await terminal.lines()).join("\n"));
    expect(renderText(report)).toContain("3 completed, 4 failed, 3 tolerated");
  });

  it("is counted apart on the page, is named without a click, and looks like a warning", async () => {
    const html = renderHtml(await ran(true));
    const [, counts = ""] = html.split('<div class="counts">');
    const words = (counts.split("</div>")[0] ?? "").replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
    expect(words).toContain("✓ 3 completed ✗ 1 failed ✗ 3 tolerated");
    const [, section = ""] = html.split('<section id="failures"');
    const [failures = "", warnings = ""] = section.split("What failed and is tolerated");
    expect(failures.match(/<details class="failure"/g)).toHaveLength(1);
    const [cards = ""] = warnings.split("</section>");
    // The map is told with the item that made it fail.
    expect(cards.match(/<details class="failure warning">/g)).toHaveLength(2);
    expect(cards).toContain("made prices fail");
    expect(cards).not.toContain('<details class="more">');
    expect(html.match(/<td><span class="mark tolerated">/g)).toHaveLength(3);
  });

  it("is no failure of a run that completed, wherever that is told", async () => {
    const report = await ran(false);
    expect(report).toMatchObject({ executionState: "completed", errorSummary: [] });
    expect(renderText(report)).not.toContain("Failures:");
    expect(renderText(report)).toContain("Warnings, failures that are tolerated:");
    expect(renderMarkdown(report)).toContain("### 3 failed, which is tolerated");
    const html = renderHtml(report);
    expect(html).not.toContain('<h2 id="failures-title">What failed <');
    expect(html).toContain("What failed and is tolerated");
  });

  it("is marked on the terminal while the run goes on, a line each", async () => {
    const terminal = new TestTerminal({ columns: 120, rows: 40 }, false);
    await ran(true, [progress({ stream: terminal, color: false })]);
    expect(terminal.text).toMatch(/✗ extra \(2 attempts\) \(tolerated\): Error: no extra/);
    expect(terminal.text).toMatch(/✗ page {2}/);
    expect(terminal.text).toContain("4 failed, 3 tolerated");
  });

  it("is a column of the table, and an attribute of a span that failed all the same", async () => {
    const report = await ran(false);
    const [head = "", ...rows] = renderCsv(report).trimEnd().split("\r\n");
    const column = head.split(",").indexOf("tolerated") - head.split(",").length;
    expect(rows.filter((row) => row.split(",").at(column) === "true")).toHaveLength(3);
    const spans = JSON.stringify(JSON.parse(renderOtlpJson(report)));
    expect(spans.match(/"astrum.task.tolerated"/g)).toHaveLength(3);
  });

  it("comes back from JSON, and from a log of either kind", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "tolerated-")), "run.ndjson");
    const log = eventLog(file);
    const report = await ran(true, [log.observer]);
    log.close();
    expect(parseReport(JSON.stringify(report))).toEqual(report);
    expect(readEventLog(renderNdjson(report))).toEqual(report);
    const rebuilt = readEventLog(file);
    expect(rebuilt.toleratedFailures).toBe(3);
    expect(rebuilt.taskStatistics.filter(({ tolerated }) => tolerated)).toHaveLength(3);
  });

  it("is unknown to a report of version 1.0, which is read and shown as ever", async () => {
    const { toleratedFailures: _, ...old } = await ran(true);
    const taskStatistics = old.taskStatistics.map(({ tolerated: __, ...task }) => task);
    const report = parseReport({ ...old, formatVersion: "1.0", taskStatistics });
    expect(renderText(report)).not.toContain(" tolerated");
    expect(renderJUnit(report)).toContain('errors="4"');
  });
});

describe("A failure whose fallback gave a value", () => {
  /** One such task, one such item, and the map that is made of it. */
  async function fallen(observers: Observer[] = []): Promise<SerializedReport> {
    const fails = (message: string) => (): number => {
      throw new Error(message);
    };
    const list = task("list", () => [1, 2]);
    const prices = map("prices", list, (n) => (n === 2 ? fails("no price")() : n), {
      fallback: () => 0,
    });
    const user = task("user", fails("no user"), { fallback: async () => 7 });
    const page = task("page", { user, prices }, ({ user }) => user);
    const report = await flow("shop", { page }).run({ runId: "run", observers });
    return report.toJSON({ outputs: true });
  }

  it("says so in every format that tells of its task", async () => {
    const report = await fallen();
    expect(report.toleratedFailures).toBe(2);
    const said = "its fallback gave a value";
    expect(renderText(report)).toContain(`✗ user (${said}): Error: no user`);
    expect(renderMarkdown(report)).toContain(`\`user\` (${said}): \`Error: no user\``);
    expect(renderHtml(report).split(said)).toHaveLength(3);
    expect(renderJUnit(report)).toContain(`message="failed, ${said}: Error: no user"`);
    expect(renderTap(report)).toMatch(new RegExp(`^not ok \\d+ - user # TODO ${said}$`, "m"));
    expect(renderGithubAnnotations(report)).toContain(`user failed%2C ${said}`);
    const { results } = JSON.parse(renderCtrf(report));
    expect(results.tests).toContainEqual(
      expect.objectContaining({ name: "user", extra: expect.objectContaining({ fallback: true }) }),
    );
    expect(renderCsv(report).split("\r\n")[0]).toContain(",fallback,");
    expect(renderOtlpJson(report).match(/"astrum.task.fallback"/g)).toHaveLength(3);
    const terminal = new TestTerminal({ columns: 120, rows: 40 }, false);
    await fallen([progress({ stream: terminal, color: false })]);
    expect(terminal.text).toContain(`✗ user (${said}): Error: no user`);
  });

  it("comes back from JSON, and from a log of either kind, field by field", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "fallback-")), "run.ndjson");
    const log = eventLog(file);
    const report = await fallen([log.observer]);
    log.close();
    expect(parseReport(JSON.stringify(report))).toEqual(report);
    expect(readEventLog(renderNdjson(report)).taskStatistics).toEqual(report.taskStatistics);
    expect(readEventLog(file).taskStatistics).toEqual(report.taskStatistics);
  });
});
