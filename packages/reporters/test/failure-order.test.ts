import { flow, map, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import { renderHtml, renderMarkdown, renderText } from "../src/index.ts";
import { printSummary } from "../src/terminal/index.ts";
import { TestTerminal } from "./terminal-screen.ts";

/** Planned first and last to fail: a map, because of its second item; between them a task that fails on its own. */
async function failedMap() {
  const clock = new VirtualClock();
  const list = task("list", () => [1, 2, 3]);
  const read = map("read", list, async (item) => {
    await clock.wait(10 * item);
    if (item === 2) throw new Error("no such file");
  });
  const alone = task("alone", async () => {
    await clock.wait(15);
    throw new Error("not now");
  });
  const run = flow("f", { read, alone }).run({ clock, failure: "continue" });
  return (await clock.run(run)).toJSON();
}

/** The names, in the order in which they stand at the beginning of a failure. */
function order(text: string, failure: RegExp): string[] {
  return Array.from(text.matchAll(failure), ([, name = ""]) => name);
}

describe("failures are told in one order, the first to fail first, a map after its items,", () => {
  const expected = ["alone", "read[1]", "read"];

  it("in text", async () => {
    expect(order(renderText(await failedMap()), /^ {2}✗ (\S+)/gm)).toEqual(expected);
  });

  it("in Markdown", async () => {
    expect(order(renderMarkdown(await failedMap()), /^- ✗ `(\S+)`:/gm)).toEqual(expected);
  });

  it("in HTML, where the map is told with its item", async () => {
    const html = renderHtml(await failedMap());
    const [, section = ""] = html.split('<section id="failures"');
    expect(order(section, /<summary>.*?<code>(.*?)<\/code>/g)).toEqual(["alone", "read[1]"]);
    expect(section).toContain("made read fail");
  });

  it("on the terminal", async () => {
    const terminal = new TestTerminal({ columns: 200, rows: 60 });
    printSummary(await failedMap(), { stream: terminal, color: false });
    const text = (await terminal.lines()).join("\n");
    expect(order(text, /^ {2}✗ (\S+?): /gm)).toEqual(expected);
  });

  it("also when a map ended in the same instant as its item", async () => {
    const report = await failedMap();
    for (const one of report.taskStatistics) one.endAt = 20;
    expect(order(renderText(report), /^ {2}✗ (\S+)/gm).slice(-1)).toEqual(["read"]);
  });
});
