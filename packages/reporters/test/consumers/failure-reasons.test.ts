import type { Browser } from "playwright-core";
import { Parser } from "tap-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml, renderJUnit, renderMarkdown, renderTap } from "../../src/index.ts";
import { failingRun, ROOTS } from "../failing-runs.ts";
import { fixture } from "../fixtures.ts";
import { openBrowser } from "./browser.ts";
import { withPage } from "./html-page.ts";
import { run, withFile } from "./programs.ts";

const OURS = /packages\/core\/src|node_modules\/@astrum\//;
const report = (await (await failingRun()).run()).toJSON();

function expectRoots(name: string, said: string | null | undefined): void {
  for (const root of ROOTS[name] ?? []) expect(said, `${name} says ${root}`).toContain(root);
  expect(said).not.toMatch(OURS);
}

describe("In Chromium the page", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  it("shows every root cause under what failed, and in the details of each task", async () => {
    await withPage(browser, renderHtml(report), async ({ page, complaints }) => {
      await page.evaluate(
        "for (const one of document.querySelectorAll('#failures details')) one.open = true",
      );
      const shown = await page.locator("#failures").textContent();
      for (const name of Object.keys(ROOTS)) expectRoots(name, shown);
      for (const [at, { taskName }] of report.taskStatistics.entries()) {
        if (ROOTS[taskName] === undefined) continue;
        await page.evaluate(`location.hash = "#t=${at}"`);
        await page.locator("#details h3", { hasText: taskName }).waitFor();
        expectRoots(taskName, await page.locator("#details pre").textContent());
      }
      expect(complaints).toEqual([]);
    });
  });

  it("says of a killed run what was running, for how long, and how to go on", async () => {
    await withPage(browser, renderHtml(fixture("interrupted")), async ({ page }) => {
      expect(await page.locator("#failures").count()).toBe(0);
      const shown = await page.locator("#cut-off").textContent();
      expect(shown).toContain("first-3 for at least 20 ms");
      expect(shown).toContain("resumeFrom: readEventLog(…)");
      const at = fixture("interrupted").taskStatistics.findIndex(
        ({ taskName }) => taskName === "first-3",
      );
      await page.evaluate(`location.hash = "#t=${at}"`);
      await page.locator("#details h3", { hasText: "first-3" }).waitFor();
      expect(await page.locator("#details").textContent()).toContain(
        "it was running when the record of the run ended",
      );
    });
  });
});

describe("Every root cause is there", () => {
  it("for Python, which reads JUnit XML", () => {
    const read = `
import json, sys, xml.etree.ElementTree as tree
cases = tree.parse(sys.argv[1]).getroot().iter("testcase")
found = {case.get("name"): case.find("error") for case in cases}
print(json.dumps({name: [one.get("message"), one.text] for name, one in found.items() if one is not None}))
`;
    const { stdout, stderr } = withFile(renderJUnit(report), (file) =>
      run("python3", ["-c", read, file]),
    );
    expect(stderr).toBe("");
    const errors = JSON.parse(stdout) as Record<string, [message: string, text: string]>;
    for (const name of Object.keys(ROOTS)) {
      expectRoots(name, errors[name]?.[0]);
      expectRoots(name, errors[name]?.[1]);
    }
  });

  it("for a strict TAP parser", () => {
    const diagnostics: Record<string, string> = {};
    const parser = new Parser({ strict: true });
    parser.on("assert", (point: { name: string; diag?: { message?: string; stack?: string } }) => {
      diagnostics[point.name] = point.diag?.stack ?? point.diag?.message ?? "";
    });
    parser.end(renderTap(report));
    for (const name of Object.keys(ROOTS)) expectRoots(name, diagnostics[name]);
  });

  it("for the reader of a page of Markdown", () => {
    const { stdout } = run("cmark-gfm", ["--unsafe", "-e", "table"], renderMarkdown(report));
    const text = stdout.replaceAll("&quot;", '"').replaceAll("&gt;", ">");
    for (const name of Object.keys(ROOTS)) expectRoots(name, text);
  });
});
