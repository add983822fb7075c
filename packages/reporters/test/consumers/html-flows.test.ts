/** Flows inside of tasks on the page, in a real browser: folded, unfolded, found, linked to, printed, and without scripts. */
import type { SerializedReport } from "@astrum/core";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml } from "../../src/index.ts";
import { mapOfFlows, nestedRun } from "../nested-runs.ts";
import { openBrowser } from "./browser.ts";
import { withPage } from "./html-page.ts";

let browser: Browser;
let report: SerializedReport;
let html: string;

beforeAll(async () => {
  browser = await openBrowser();
  report = await nestedRun({ fails: true });
  html = renderHtml(report);
});

afterAll(() => browser.close());

function place(name: string): number {
  return report.taskStatistics.findIndex(({ taskName }) => taskName === name);
}

/** The names in the list, in order. */
async function names(page: Page): Promise<string[]> {
  const rows = `Array.from(document.querySelectorAll(".grid .body .row")).toSorted((a, b) =>
    a.dataset.place - b.dataset.place).map((row) => row.querySelector(".label").textContent)`;
  return (await page.evaluate(rows)) as string[];
}

const FOLDED = ["config", "photos", "thumbs", "us", "eu", "crawl", "page"];

describe("The list of tasks, where tasks have flows inside,", () => {
  it("has one row for each flow, which says how much is inside, what failed and how long it took", async () => {
    await withPage(browser, html, async ({ page, complaints }) => {
      expect(await names(page)).toEqual(FOLDED);
      const thumbs = page.locator(".grid .row", { hasText: "thumbs" });
      expect(await thumbs.locator("small").textContent()).toBe("12 inside, 2 failed, 10 ms");
      expect(await thumbs.getAttribute("aria-expanded")).toBe("false");
      expect(await thumbs.getAttribute("aria-level")).toBe("1");
      expect(complaints).toEqual([]);
    });
  });

  it("unfolds with the right arrow and folds with the left one, as every tree", async () => {
    await withPage(browser, html, async ({ page }) => {
      const tree = page.getByRole("treegrid");
      await tree.focus();
      for (let row = 0; row < 3; row++) await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowRight");
      const items = ["thumbs[0]", "thumbs[1]", "thumbs[2]"];
      expect(await names(page)).toEqual([...FOLDED.slice(0, 3), ...items, ...FOLDED.slice(3)]);
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      await page.locator("#details h3", { hasText: "thumbs[0].load" }).waitFor();
      const selected = page.locator('.grid [aria-selected="true"]');
      expect(await selected.getAttribute("aria-level")).toBe("3");
      expect(await tree.getAttribute("aria-activedescendant")).toBe(
        await selected.getAttribute("id"),
      );
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowLeft");
      await page.locator("#details h3", { hasText: /^thumbs$/ }).waitFor();
      expect(await names(page)).toEqual(FOLDED);
      expect(await tree.getAttribute("aria-rowcount")).toBe(String(FOLDED.length + 1));
    });
  });

  it("unfolds with a click on its sign, and only chooses with a click on its name", async () => {
    await withPage(browser, html, async ({ page }) => {
      const row = page.locator(".grid .row", { hasText: /us2 inside|us, 2 inside/ });
      await row.locator(".mark").click();
      expect(await names(page)).toEqual(FOLDED);
      await row.locator(".twisty").click();
      expect(await names(page)).toContain("us.load");
    });
  });

  it("reaches what is folded by a filter and by a sort, flat and with whole paths", async () => {
    await withPage(browser, html, async ({ page }) => {
      await page.keyboard.press("/");
      await page.keyboard.type("resize");
      await page.locator("#matches", { hasText: "4 of 26" }).waitFor();
      expect(await names(page)).toEqual([
        "thumbs[0].resize",
        "thumbs[1].resize",
        "thumbs[2].resize",
        "crawl.resize",
      ]);
      await page.keyboard.press("Escape");
      expect(await names(page)).toEqual(FOLDED);
      await page.getByRole("button", { name: "ran", exact: true }).click();
      expect((await names(page)).slice(0, 2)).toEqual(["us.load", "eu.load"]);
      expect(await names(page)).toHaveLength(26);
    });
  });

  it("unfolds to what a link leads to", async () => {
    await withPage(
      browser,
      html,
      async ({ page }) => {
        await page.locator("#details h3", { hasText: "thumbs[2].store" }).waitFor();
        const selected = page.locator('.grid [aria-selected="true"]');
        expect(await selected.textContent()).toContain("thumbs[2].store");
        await page.locator("#details .facts a", { hasText: /^thumbs\[2\]$/ }).click();
        await page
          .locator("#details", { hasText: "3 tasks inside: 2 completed, 1 failed." })
          .waitFor();
      },
      { hash: `#t=${place("thumbs[2].store")}` },
    );
  });
});

describe("The timeline, where tasks have flows inside,", () => {
  it.each(["map", "task"])(
    "by %s folds each flow, and unfolds to what is chosen",
    async (grouping) => {
      await withPage(browser, html, async ({ page, complaints }) => {
        await page.locator("#grouping").selectOption(grouping);
        const tall = "Number.parseInt(document.querySelector('.timeline .tall').style.height)";
        const folded = Number(await page.evaluate(tall));
        await page.evaluate(`location.hash = "#t=${place("thumbs[1].resize")}"`);
        await page.locator("#details h3", { hasText: "thumbs[1].resize" }).waitFor();
        expect(Number(await page.evaluate(tall))).toBeGreaterThan(folded);
        await page.getByRole("button", { name: "Unfold all" }).click();
        await page.getByRole("button", { name: "Fold all" }).click();
        expect(Number(await page.evaluate(tall))).toBe(folded);
        expect(complaints).toEqual([]);
      });
    },
  );
});

describe("Without scripts", () => {
  it("each flow is a line that unfolds to its tasks", async () => {
    await withPage(
      browser,
      html,
      async ({ page }) => {
        const store = page.locator(".list code", { hasText: "thumbs[2].store" });
        expect(await store.isVisible()).toBe(false);
        await page.locator(".list summary", { hasText: "12 tasks inside" }).click();
        await page.locator(".list summary", { hasText: "failed thumbs[2].store" }).nth(1).click();
        expect(await store.isVisible()).toBe(true);
      },
      { javaScriptEnabled: false },
    );
  });

  it("a link unfolds what its task is inside of", async () => {
    await withPage(
      browser,
      html,
      async ({ page }) => {
        await page.locator('#failures a[href="#task=eu.load"]').first().click();
        await page.locator(".list code", { hasText: "eu.load" }).waitFor({ state: "visible" });
      },
      { javaScriptEnabled: false },
    );
  });
});

describe("For everybody", () => {
  it("on paper everything is unfolded", async () => {
    await withPage(browser, html, async ({ page }) => {
      await page.emulateMedia({ media: "print" });
      const drawn = `Array.from(document.querySelectorAll(".list code")).filter((one) =>
        one.textContent === "thumbs[2].store" && one.checkVisibility({ contentVisibilityAuto: true })
        && one.getBoundingClientRect().height > 0).length`;
      expect(await page.evaluate(drawn)).toBe(1);
    });
  });

  it.each(
    (["light", "dark"] as const).flatMap((scheme) =>
      [390, 1440].map((width) => [scheme, width] as const),
    ),
  )(
    "axe finds nothing in a tree that is unfolded, %s at %i pixels",
    async (colorScheme, width) => {
      await withPage(
        browser,
        html,
        async ({ page }) => {
          await page.evaluate(axe.source);
          const found =
            await page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
          violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 160)).slice(0, 3).join(" | ")))`);
          expect(found).toEqual([]);
          expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
        },
        {
          colorScheme,
          viewport: { width, height: 900 },
          hash: `#t=${place("thumbs[2].store")}`,
        },
      );
    },
    60_000,
  );
});

describe("A map of 10,000 items, each a flow of three tasks,", () => {
  it("is a page of less than a megabyte, with one row for all of it, which unfolds", async () => {
    const many = await mapOfFlows(10_000);
    expect(many.totalTasks).toBe(40_002);
    const large = renderHtml(many);
    expect(Buffer.byteLength(large)).toBeLessThan(1_000_000);
    await withPage(browser, large, async ({ page }) => {
      const tree = page.getByRole("treegrid");
      expect(await tree.getAttribute("aria-rowcount")).toBe("3");
      await tree.focus();
      await page.keyboard.press("End");
      await page.keyboard.press("ArrowRight");
      expect(await tree.getAttribute("aria-rowcount")).toBe("10003");
      await page.keyboard.press("End");
      await page.locator("#details h3", { hasText: "thumbs[9999]" }).waitFor();
      expect(await page.locator(".grid .body .row").count()).toBeLessThan(100);
    });
  }, 120_000);
});
