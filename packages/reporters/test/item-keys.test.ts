import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, map, type Observer, type SerializedReport, task, value } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import {
  eventLog,
  parseReport,
  readEventLog,
  renderCsv,
  renderGithubAnnotations,
  renderNdjson,
  reporters,
} from "../src/index.ts";
import { printSummary, progress } from "../src/terminal/index.ts";
import { TestTerminal } from "./terminal-screen.ts";

/** The price of gold cannot be read. */
async function shop(observers: Observer[] = []): Promise<SerializedReport> {
  const ids = task("ids", () => ["tea", "gold"]);
  const read = (id: string): number => {
    if (id === "gold") throw new Error("no price");
    return 3;
  };
  const prices = map("prices", ids, read, { key: (id) => id });
  const options = { failure: "continue", runId: "run", observers } as const;
  return (await flow("shop", { prices }).run(options)).toJSON();
}

/** These draw the graph, in which a map is one box, or are read by what knows no keys. */
const GRAPHS: readonly string[] = ["mermaid", "dot", "python"];

describe("What an item is called by its map", () => {
  it("is in every format that tells of the item", async () => {
    const report = await shop();
    for (const [format, { render }] of Object.entries(reporters)) {
      if (GRAPHS.includes(format)) continue;
      const text = render(report);
      expect.soft(text.includes("gold"), format).toBe(true);
    }
  });

  it("stands beside its name", async () => {
    const report = await shop();
    expect(reporters.text.render(report)).toContain("✗ prices[1] (gold)");
    expect(reporters.markdown.render(report)).toContain("✗ `prices[1] (gold)`");
    expect(reporters.junit.render(report)).toContain('name="prices[1] (gold)"');
    expect(reporters.tap.render(report)).toContain("- prices[1] (gold)");
    expect(renderGithubAnnotations(report)).toContain("title=prices[1] (gold)::");
    const [head = "", ...rows] = renderCsv(report).trimEnd().split("\r\n");
    const key = head.split(",").indexOf("key");
    expect(rows.map((row) => row.split(",")[key])).toEqual(["", "", "tea", "gold"]);
  });

  it("stands beside it on the critical path too", async () => {
    const clock = new VirtualClock();
    const read = map("read", value([1, 20]), (ms) => clock.wait(ms), { key: (ms) => `${ms} ms` });
    const report = (await clock.run(flow("f", { read }).run({ clock }))).toJSON();
    expect(reporters.text.render(report)).toMatch(/Critical path[^S]*read\[1\] \(20 ms\)\n/);
    expect(reporters.markdown.render(report)).toMatch(
      /The critical path:[^#]*\| `read\[1\] \(20 ms\)` \|/,
    );
  });

  it("is on the terminal, while the run goes on and after it", async () => {
    const log = new TestTerminal({ columns: 120, rows: 40 }, false);
    const report = await shop([progress({ stream: log, color: false })]);
    expect(log.text).toContain("✗ prices[1] (gold)");
    const terminal = new TestTerminal({ columns: 120, rows: 40 });
    printSummary(report, { stream: terminal, color: false });
    expect((await terminal.lines()).join("\n")).toContain("✗ prices[1] (gold): Error: no price");
  });

  it("comes back from JSON and from logs, and is taken out with other secrets", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "keys-")), "run.ndjson");
    const log = eventLog(file);
    const report = await shop([log.observer]);
    log.close();
    expect(parseReport(JSON.stringify(report))).toEqual(report);
    expect(readEventLog(renderNdjson(report))).toEqual(report);
    const keys = readEventLog(file).taskStatistics.map(({ key }) => key);
    expect(keys).toEqual([undefined, undefined, "tea", "gold"]);
    const redact = (text: string): string => text.replaceAll("gold", "***");
    for (const { render } of Object.values(reporters)) {
      expect(render(report, { redact })).not.toContain("gold");
    }
  });
});
