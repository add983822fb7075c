/** What a run waited for outside of itself is told by its log, its insight and its page as by its report. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, RateLimit, Semaphore, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { expect, it, onTestFinished } from "vitest";
import { heldBack } from "../../src/asking/held-back.ts";
import { insight } from "../../src/asking/insight.ts";
import { eventLog, parseReport, readEventLog, renderHtml } from "../../src/index.ts";

it("A rate that a run waited for is the same in its log, and named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "shared-resources-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "run.ndjson");
  const log = eventLog(file);
  const clock = new VirtualClock();
  const resources = {
    llm: new RateLimit({ limit: 1, perMs: 300 }),
    gpu: new Semaphore(2),
    tokens: new RateLimit({ limit: 9, perMs: Number.POSITIVE_INFINITY }),
  };
  const first = task("first", scripted(clock, { ms: 10 }), { resources: { llm: 1, gpu: 2 } });
  const second = task("second", { first }, scripted(clock, { ms: 10 }), { resources: { llm: 1 } });
  const { observer, journal } = log;
  const report = await clock.run(
    flow("limited", { second }).run({ clock, resources, observers: [observer], journal }),
  );
  const own = JSON.parse(JSON.stringify(report.toJSON()));
  expect(parseReport(JSON.stringify(own)).run.config).toMatchObject({
    resources: { gpu: 2 },
    rates: { llm: { limit: 1, perMs: 300, burst: 1 }, tokens: { perMs: null } },
  });
  const read = readEventLog(readFileSync(file, "utf8"));
  expect(read.analysis).toEqual(own.analysis);
  expect(read.run).toEqual(own.run);
  expect(heldBack(read)).toMatchObject([{ limit: "shared", name: "llm", ms: 290 }]);
  expect(insight(read).verdict).toBe(
    "Bound by a rate or by what other runs hold of llm: for 290 ms of 310 ms tasks that were ready waited for it.",
  );
  const page = renderHtml(own);
  expect(page).toContain("<dt>rate llm</dt><dd>1 each 300 ms</dd>");
  expect(page).toContain("<dt>rate tokens</dt><dd>9 in all</dd>");
});
