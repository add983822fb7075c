/** How a page looks in a real browser: on paper, in hours, in the dark, in the reader's time. */
import { flow, type SerializedReport, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml } from "../../src/index.ts";
import { exampleRun } from "../example-runs.ts";
import { fixture } from "../fixtures.ts";
import { openBrowser } from "./browser.ts";
import { withPage } from "./html-page.ts";

let browser: Browser;
let release: SerializedReport;

beforeAll(async () => {
  browser = await openBrowser();
  release = await exampleRun("release");
}, 60_000);

afterAll(() => browser.close());

describe("on paper", () => {
  it("every failure is open, with its stack", async () => {
    const html = renderHtml(fixture("mixed"));
    await withPage(browser, html, async ({ page }) => {
      expect(await page.locator("#failures details:not([open])").count()).toBeGreaterThan(0);
      await page.emulateMedia({ media: "print" });
      const unseen =
        await page.evaluate(`Array.from(document.querySelectorAll("#failures pre")).filter((one) =>
        !one.checkVisibility({ contentVisibilityAuto: true }) || one.getBoundingClientRect().height === 0).length`);
      expect(await page.locator("#failures pre").count()).toBeGreaterThan(2);
      expect(unseen).toBe(0);
    });
  });

  it("the timeline has an axis and says what it shows, and the graph stands below it, as wide as the paper", async () => {
    await withPage(browser, renderHtml(release), async ({ page }) => {
      await page.emulateMedia({ media: "print" });
      await page.setViewportSize({ width: 720, height: 1000 });
      expect(await page.locator(".still .axis span").allTextContents()).toEqual([
        "0 ms",
        "1 min 03 s",
        "2 min 06 s",
        "3 min 09 s",
        "4 min 13 s",
      ]);
      await page.getByText("Each row is a slot").waitFor({ state: "visible" });
      expect((await page.locator(".graph svg").boundingBox())?.width).toBeLessThan(720);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(720);
    });
  });
});

describe("a run of hours", () => {
  it.each([390, 800, 1440])("is read in whole words in the list, %i pixels wide", async (width) => {
    const clock = new VirtualClock();
    const hours = (length: number): ReturnType<typeof scripted> =>
      scripted(clock, { ms: length * 3_600_000 - 5000, return: 1 });
    const first = task("first", hours(0.57));
    const second = task("second", { first }, hours(12.6));
    const third = task("third", { first }, hours(0.34));
    const run = flow("hours", { second, third }).run({ clock, concurrency: 1 });
    const report = (await clock.run(run)).toJSON();
    await withPage(
      browser,
      renderHtml(report),
      async ({ page }) => {
        const cut =
          await page.evaluate(`Array.from(document.querySelectorAll(".grid .body .number")).filter((one) =>
          one.scrollWidth > one.clientWidth).map((one) => one.textContent)`);
        expect(cut).toEqual([]);
        expect(await page.locator(".grid .ran", { hasText: "34 min 07 s" }).isVisible()).toBe(true);
      },
      { viewport: { width, height: 800 } },
    );
  });
});

describe("light and dark", () => {
  it.each(["light", "dark"] as const)(
    "can be other than the system's, %s, and back",
    async (colorScheme) => {
      const other = colorScheme === "light" ? "Dark" : "Light";
      await withPage(
        browser,
        renderHtml(release),
        async ({ page, complaints }) => {
          const colours =
            "[getComputedStyle(document.documentElement)].map((of) => [of.color, of.backgroundColor, of.colorScheme])[0]";
          const before = await page.evaluate(colours);
          await page.getByRole("button", { name: other, exact: true }).click();
          const after = await page.evaluate(colours);
          expect(after).not.toEqual(before);
          await page.emulateMedia({ media: "print" });
          expect(
            await page.evaluate("getComputedStyle(document.documentElement).backgroundColor"),
          ).toBe("rgb(255, 255, 255)");
          await page.emulateMedia({ media: "screen" });
          await page
            .getByRole("button", { name: colorScheme === "light" ? "Light" : "Dark", exact: true })
            .click();
          expect(await page.evaluate(colours)).toEqual(before);
          expect(complaints).toEqual([]);
        },
        { colorScheme },
      );
    },
  );
});

describe("the time of the start", () => {
  it.each([
    ["UTC", "2026-11-23 02:30:00 UTC"],
    ["Europe/Berlin", "2026-11-23 02:30:00 UTC (03:30 here)"],
    ["America/New_York", "2026-11-23 02:30:00 UTC (11-22 21:30 here)"],
  ])("is also told in %s", async (timezoneId, text) => {
    await withPage(
      browser,
      renderHtml(release),
      async ({ page }) => expect(await page.locator(".meta time").textContent()).toBe(text),
      { timezoneId },
    );
  });
});

describe("the critical path", () => {
  it("names what is folded in it when that is opened, without scripts", async () => {
    const nightly = await exampleRun("nightly");
    await withPage(
      browser,
      renderHtml(nightly),
      async ({ page }) => {
        const folded = page.locator(".path details").first();
        await folded.locator("summary").click();
        const links = await folded.locator("a").allTextContents();
        expect(links.length).toBeGreaterThan(1);
        const path = nightly.analysis.criticalPath.map(({ task: name }) => name);
        expect(links.every((link) => path.includes(link))).toBe(true);
      },
      { javaScriptEnabled: false },
    );
  });
});
