/** An output that could not be stored, in what is shown of a run. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Flow, flow, task } from "@astrum/core";
import { afterAll, describe, expect, it } from "vitest";
import { eventLog, parseReport, readEventLog, renderHtml, renderNdjson } from "../src/index.ts";
import { progress } from "../src/terminal/index.ts";
import { TestTerminal } from "./terminal-screen.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-unstored-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function shop(count: number): Flow<Record<string, () => number>> {
  const tasks = Array.from({ length: count }, (_, at) => task(`t${at}`, () => () => at));
  return flow("shop", Object.fromEntries(tasks.map((task) => [task.name, task])));
}

describe("An output that could not be stored", () => {
  it("is in the report that an event log gives, also of a run that was cut off", async () => {
    const path = join(folder, "run.ndjson");
    const log = eventLog(path);
    const report = await shop(1).run({ journal: log.journal, observers: [log.observer] });
    log.close();
    const unstored = [{ task: "t0", why: "it is a function" }];
    expect(report.toJSON().resume?.unstored).toEqual(unstored);
    expect(readEventLog(path).resume?.unstored).toEqual(unstored);
    expect(parseReport(JSON.stringify(report)).resume?.unstored).toEqual(unstored);
    expect(readEventLog(renderNdjson(report)).resume?.unstored).toEqual(unstored);
    const lines = readFileSync(path, "utf8").split("\n");
    const end = lines.findIndex((line) => line.includes('"type":"run.end"'));
    writeFileSync(path, lines.slice(0, end).join("\n"));
    expect(readEventLog(path).resume?.unstored).toEqual(unstored);
  });

  it("is shown on the page, which does not call that run a resumed one", async () => {
    const page = renderHtml(await shop(60).run({ journal: () => {} }));
    expect(page).toContain("<h3>Not stored</h3>");
    expect(page).toContain("it is a function");
    expect(page).toContain("and 10 more");
    expect(page).not.toContain("Resumed from");
  });

  it("is told on a terminal as it happens, of the first five", async () => {
    const terminal = new TestTerminal({ columns: 120, rows: 60 }, false);
    const observers = [progress({ stream: terminal, color: false })];
    await shop(8).run({ observers, journal: () => {} });
    const lines = (await terminal.lines()).filter((line) => line.includes("not stored"));
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe("! t0 is not stored: it is a function; a resumed run calls it again");
    expect(lines[4]).toMatch(/again; of others, see the report$/);
  });
});
