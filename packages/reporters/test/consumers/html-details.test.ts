import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml } from "../../src/index.ts";
import { fixture } from "../fixtures.ts";
import { openBrowser } from "./browser.ts";
import { withPage } from "./html-page.ts";

const report = fixture("mixed");
const html = renderHtml(report);
const place = (name: string): number =>
  report.taskStatistics.findIndex(({ taskName }) => taskName === name);

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(() => browser.close());

describe("what a screen reader is told", () => {
  it("is which row is selected, in the words of ARIA", async () => {
    await withPage(browser, html, async ({ page }) => {
      await page.getByRole("grid").focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      const selected = page.getByRole("row", { selected: true });
      expect(await selected.count()).toBe(1);
      expect(await selected.locator(".name").textContent()).toContain(
        report.taskStatistics[1]?.taskName,
      );
    });
  });

  it("holds no attribute that is there and says nothing, with a task chosen", async () => {
    await withPage(
      browser,
      html,
      async ({ page }) => {
        const all = await page.evaluate<[string, string][]>(
          "Array.from(document.querySelectorAll('*')).flatMap((one) => Array.from(one.attributes, ({ name, value }) => [name, value])).filter(([name]) => name.startsWith('aria-'))",
        );
        expect(all.length).toBeGreaterThan(100);
        expect(all.filter(([, value]) => value === "")).toEqual([]);
      },
      { hash: `#t=${place("broken")}` },
    );
  });
});

describe("the details of a task that was tried again", () => {
  it.each([390, 800, 1440])(
    "have no heading set a letter a line, %i pixels wide",
    async (width) => {
      const [again] = report.taskStatistics.filter(({ attemptCount }) => attemptCount > 1);
      await withPage(
        browser,
        html,
        async ({ page }) => {
          const heads = page.locator("#details .attempts th");
          expect(await heads.allTextContents()).toEqual(["attempt", "status", "at", "ran"]);
          for (const head of await heads.all())
            expect((await head.boundingBox())?.height).toBeLessThan(40);
          const sideways = "document.documentElement.scrollWidth - innerWidth";
          expect(await page.evaluate(sideways)).toBeLessThanOrEqual(0);
        },
        { hash: `#t=${place(again?.taskName ?? "")}`, viewport: { width, height: 800 } },
      );
    },
  );
});

it("the details of a task that failed begin with its error", async () => {
  await withPage(
    browser,
    html,
    async ({ page }) => {
      const order = await page.evaluate<string[]>(
        "Array.from(document.querySelector('#details').children, ({ tagName, className }) => className === '' ? tagName : className)",
      );
      expect(order.indexOf("PRE")).toBe(2);
      expect(order.indexOf("facts")).toBeGreaterThan(order.indexOf("PRE"));
    },
    { hash: `#t=${place("broken")}` },
  );
});

it("a plan that never ran has a list with its filter, and nothing that moves a timeline", async () => {
  await withPage(browser, renderHtml(fixture("planning-failure")), async ({ page }) => {
    expect(await page.getByRole("grid").isVisible()).toBe(true);
    expect(await page.locator("input[type=search]").isVisible()).toBe(true);
    expect(await page.locator("#grouping").count()).toBe(0);
    expect(await page.getByRole("button", { name: "Look closer" }).count()).toBe(0);
    expect(await page.getByRole("heading", { name: "What waited for what" }).count()).toBe(0);
    await page.keyboard.press("0");
  });
  await withPage(browser, html, async ({ page }) => {
    expect(await page.getByRole("button", { name: "Look closer" }).isVisible()).toBe(true);
    expect(await page.getByRole("heading", { name: "What waited for what" }).isVisible()).toBe(
      true,
    );
  });
});
