/** A result of the cache, in what is shown of a run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, map, task } from "@astrum/core";
import { expect, it } from "vitest";
import {
  eventLog,
  parseReport,
  readEventLog,
  renderCsv,
  renderHtml,
  renderNdjson,
} from "../src/index.ts";

it("A result of the cache is told in the log as in the report, in tables and on the page", async () => {
  const folder = mkdtempSync(join(tmpdir(), "astrum-cached-"));
  const path = join(folder, "run.ndjson");
  const cache = new Map<string, string>();
  const list = task("list", () => [1, 2], { cache: {} });
  const rows = map("rows", list, (item) => item, { cache: {} });
  const made = flow("f", { rows });
  await made.run({ cache });
  const log = eventLog(path);
  const report = await made.run({ cache, journal: log.journal, observers: [log.observer] });
  log.close();
  const sources = (from: { taskStatistics: readonly { source?: string }[] }) =>
    from.taskStatistics.map(({ source }) => source);
  const expected = ["cache", undefined, "cache", "cache"];
  expect(sources(report.toJSON())).toEqual(expected);
  expect(sources(readEventLog(path))).toEqual(expected);
  expect(sources(readEventLog(renderNdjson(report)))).toEqual(expected);
  expect(sources(parseReport(JSON.stringify(report)))).toEqual(expected);
  expect(renderCsv(report).split("\r\n")[1]).toMatch(/,cache$/);
  expect(renderHtml(report)).toContain("its result was in the cache");
  rmSync(folder, { recursive: true, force: true });
});
