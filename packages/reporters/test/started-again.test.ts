import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ExecutionReport, flow, map, type Runner, task } from "@astrum/core";
import { afterAll, describe, expect, it } from "vitest";
import {
  eventLog,
  parseReport,
  readEventLog,
  renderCsv,
  renderHtml,
  renderJson,
  renderMarkdown,
  renderNdjson,
  renderText,
} from "../src/index.ts";
import { printSummary } from "../src/terminal/index.ts";
import { TestTerminal } from "./terminal-screen.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-started-again-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "run.ndjson");

/** A runner that starts an attempt again whose executor was lost, as a fleet does. */
const losing: Runner = (attempt) => {
  const times = { load: 3, "save | *all*": 2 }[attempt.info.task.key];
  attempt.setExecutor("worker-7");
  if (times !== undefined) attempt.setDeliveries(times);
  return attempt.run(...attempt.args, attempt.context);
};

async function run(): Promise<ExecutionReport<object>> {
  const load = task("load", () => [1, 2]);
  const save = task("save | *all*", { load }, () => "saved");
  const quiet = map("quiet", load, (item: number) => item);
  const log = eventLog(file);
  const report = await flow("f", { save, quiet }).run({
    runner: losing,
    journal: log.journal,
    observers: [log.observer],
  });
  log.close();
  return report;
}

function deliveries({ taskStatistics }: ReturnType<typeof parseReport>): unknown[] {
  return taskStatistics.flatMap(({ taskName, attemptStatistics }) =>
    attemptStatistics.flatMap(({ deliveries: times }) =>
      times === undefined ? [] : [[taskName, times]],
    ),
  );
}

describe("How often an attempt was started, when an executor was lost", async () => {
  const report = await run();
  const told = [
    ["load", 3],
    ["save | *all*", 2],
  ];

  it("survives on the way through an event log, written live or afterwards, and through JSON", () => {
    expect(deliveries(report.toJSON())).toEqual(told);
    expect(deliveries(readEventLog(file))).toEqual(told);
    expect(deliveries(readEventLog(renderNdjson(report)))).toEqual(told);
    expect(deliveries(parseReport(renderJson(report)))).toEqual(told);
  });

  it("is said once to who reads the report, of every way that it came", async () => {
    const words = "Started more than once, because an executor was lost: ";
    const terminal = new TestTerminal();
    printSummary(readEventLog(file), { stream: terminal });
    const summary = (await terminal.lines()).join(" "); // Broken between words.
    for (const one of [report, readEventLog(file)]) {
      for (const text of [renderText(one), summary]) {
        expect(text.split(words)).toHaveLength(2);
        expect(text).toContain(`${words}load 3 times, save | *all* 2 times`);
      }
      const page = renderMarkdown(one);
      expect(page.split(words)).toHaveLength(2);
      expect(page).toContain(`\n${words}\`load\` 3 times, \`save | *all*\` 2 times.\n`);
      const html = renderHtml(one);
      expect(html.split("attempt 1 was started 3 times: an executor was lost")).toHaveLength(2);
      expect(renderCsv(one, { rows: "attempts" })).toContain(",3");
    }
  });

  it("is not mentioned where every attempt was started once", async () => {
    const once = await flow("f", { one: task("one", () => 1) }).run();
    expect(renderText(once) + renderMarkdown(once) + renderHtml(once)).not.toContain(
      "more than once",
    );
  });
});
