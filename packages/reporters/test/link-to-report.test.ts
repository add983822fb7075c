import { describe, expect, it } from "vitest";
import { renderGithubAnnotations, renderMarkdown } from "../src/index.ts";
import { printSummary } from "../src/terminal/index.ts";
import { fixture } from "./fixtures.ts";
import { TestTerminal } from "./terminal-screen.ts";

const url = "https://ci.example.com/jobs/17/run.html";

describe("where the HTML report is, is said", () => {
  it("in Markdown below the headline, as a link that nothing in the address can end", () => {
    const [, , , , link] = renderMarkdown(fixture("mixed"), { url }).split("\n");
    expect(link).toBe(`[The whole report](<${url}>)`);
    expect(renderMarkdown(fixture("one"), { url: "a b>)\n# c\\.html" })).toContain(
      "\n[The whole report](<a%20b%3E)%0A#%20c%5C.html>)\n",
    );
    expect(renderMarkdown(fixture("mixed"))).not.toContain("The whole report");
  });

  it("in every annotation, also in the one that stands for the others", () => {
    const lines = renderGithubAnnotations(fixture("large"), { url }).trimEnd().split("\n");
    expect(lines).toHaveLength(20);
    expect(lines.filter((line) => !line.endsWith(`%0AReport: ${url}`))).toEqual([]);
    expect(renderGithubAnnotations(fixture("large"))).not.toContain("Report: ");
  });

  it("in the last line of a summary, whole on a narrow terminal", async () => {
    const terminal = new TestTerminal({ columns: 20, rows: 60 });
    printSummary(fixture("one"), { stream: terminal, color: false, url });
    expect(terminal.writes.join("").split("\n").at(-2)).toBe(`Report: ${url}`);
    const silent = new TestTerminal();
    printSummary(fixture("one"), { stream: silent, color: false });
    expect(silent.writes.join("")).not.toContain("Report: ");
  });
});
