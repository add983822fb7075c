/** Pages about several runs, in a real browser: complete without a script, and nothing in them acts. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SerializedReport } from "@astrum/core";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareReports, renderComparisonHtml } from "../../src/index.ts";
import { astrumReport } from "../command/in-process.ts";
import { filesOf, siteRun } from "../command/site-runs.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { openBrowser } from "./browser.ts";
import { withPage, withServedPage } from "./html-page.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(async () => browser.close());

const naive = { naive: true };

async function pair(): Promise<[SerializedReport, SerializedReport]> {
  const files = { a: 100, b: 260, new: 150 };
  return [await siteRun("r1"), await siteRun("r2", { day: 2, build: 900, files, failures: 1 })];
}

async function stripOf(...reports: readonly SerializedReport[]): Promise<string> {
  const folder = filesOf({});
  const files = Array.from(reports.keys(), (at) => join(folder, `${at}.json`));
  reports.forEach((report, at) => {
    writeFileSync(files[at] as string, JSON.stringify(report));
  });
  return (await astrumReport(["strip", ...files, "--html"])).stdout;
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return (await page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 160)).slice(0, 3).join(" | ")))`)) as string[];
}

describe("Two runs compared, in a browser without a network", () => {
  it("say the verdict first, and what changed along the path adds up to the change", async () => {
    const [before, after] = await pair();
    const { verdict, makespan } = compareReports(before, after);
    await withPage(
      browser,
      renderComparisonHtml(before, after),
      async ({ page, requests, complaints }) => {
        expect(await page.locator("h1").textContent()).toBe("site is slower");
        expect(await page.locator(".lead").first().textContent()).toBe(verdict.sentence);
        const cells = await page.locator("#path td:last-child").allInnerTexts();
        const ms = cells.map((text) => {
          const [, sign, size, unit] = /^([+−])([\d.]+) (ms|s)$/.exec(text) ?? [];
          return Number(size) * (unit === "s" ? 1000 : 1) * (sign === "−" ? -1 : 1);
        });
        const [sum, ...parts] = ms.reverse();
        expect(parts.length).toBeGreaterThan(1);
        expect(parts.reduce((a, b) => a + b, 0)).toBeCloseTo(sum ?? 0, 6);
        expect(sum).toBeCloseTo(makespan.changeMs, 6);
        expect([requests.length, complaints]).toEqual([1, []]);
      },
      naive,
    );
  });

  it("stand in one timeline, the run before as ghosts on the same scale", async () => {
    const [before, after] = await pair();
    await withPage(
      browser,
      renderComparisonHtml(before, after),
      async ({ page }) => {
        const row = page.locator(".pair tr", { hasText: /^build/ }).last();
        const end = async (look: string): Promise<number> => {
          const bar = row.locator(`rect.${look}`).last();
          return Number(await bar.getAttribute("x")) + Number(await bar.getAttribute("width"));
        };
        // The longer of the two fills the picture; the other ends where its time does.
        const longest = Math.max(before.totalDurationMs, after.totalDurationMs);
        expect(await end("after-completed")).toBeCloseTo(
          (1000 * after.totalDurationMs) / longest,
          0,
        );
        expect(await end("ghost")).toBeCloseTo((1000 * before.totalDurationMs) / longest, 0);
        expect(await row.locator("rect.after-failed").count()).toBe(1);
        expect(await row.locator("svg").getAttribute("aria-label")).toContain("failed");
        expect(await page.locator("svg.still").count()).toBe(2);
      },
      naive,
    );
  });

  it("are complete where neither scripts nor style sheets are let in", async () => {
    const page = renderComparisonHtml(...(await pair()));
    await withServedPage(browser, page, "default-src 'none'", async ({ page }) => {
      expect(await page.locator("#path tbody tr").count()).toBeGreaterThan(2);
      expect(await page.locator("#timeline tbody tr").count()).toBeGreaterThan(2);
    });
  });

  it("of ten thousand tasks make a page below a megabyte", () => {
    const after = structuredClone(fixture("large"));
    for (const task of after.taskStatistics) {
      for (const attempt of task.attemptStatistics) attempt.durationMs *= 2;
    }
    expect(renderComparisonHtml(fixture("large"), after).length).toBeLessThan(1_000_000);
  });

  it("hold nothing that acts, whatever their tasks are called", async () => {
    for (const html of [
      renderComparisonHtml(fixture("hostile"), fixture("hostile")),
      renderComparisonHtml(fixture("one"), fixture("hostile")),
      await stripOf(fixture("hostile"), fixture("hostile")),
    ]) {
      await withPage(
        browser,
        html,
        async ({ page, requests, complaints }) => {
          expect(await page.locator("script, img, iframe, a, [onload], [onerror]").count()).toBe(0);
          expect([requests.length, complaints]).toEqual([1, []]);
        },
        naive,
      );
    }
  });
});

describe.each(["light", "dark"] as const)("In the %s scheme", (colorScheme) => {
  it.each([360, 1280])(
    "at %i pixels axe finds nothing, and nothing scrolls sideways",
    async (width) => {
      const [before, after] = await pair();
      const pages = [
        renderComparisonHtml(before, after),
        renderComparisonHtml(after, before),
        renderComparisonHtml(before, before),
        renderComparisonHtml(fixture("empty"), fixture("cancelled")),
        await stripOf(before, after),
        await stripOf(fixture("mixed")),
      ];
      for (const [at, html] of pages.entries()) {
        await withPage(
          browser,
          html,
          async ({ page }) => {
            expect(await violations(page), String(at)).toEqual([]);
            expect(await page.evaluate("document.documentElement.scrollWidth"), String(at)).toBe(
              width,
            );
          },
          { colorScheme, viewport: { width, height: 900 }, ...naive },
        );
      }
    },
  );
});

it("Any two of the frozen reports make a page", () => {
  for (const before of fixtureNames.filter((name) => name !== "large")) {
    for (const after of fixtureNames.filter((name) => name !== "large")) {
      const page = renderComparisonHtml(fixture(before), fixture(after));
      expect(page.includes("undefined") || page.includes("NaN")).toBe(false);
    }
  }
});
