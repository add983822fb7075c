import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml } from "../../src/index.ts";
import { isFailure } from "../../src/wording/outcome.ts";
import { cut, visibleLines, visibleName } from "../../src/wording/visible.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { openBrowser } from "./browser.ts";
import { withPage, withServedPage } from "./html-page.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(() => browser.close());

describe.each(fixtureNames)("the page of the fixture %s", (name) => {
  const html = renderHtml(fixture(name));

  it("opens with one request, for itself, and without a complaint", async () => {
    await withPage(browser, html, async ({ page, requests, complaints }) => {
      await page.waitForLoadState("networkidle");
      expect(requests).toEqual([page.url()]);
      expect(complaints).toEqual([]);
    });
  });

  it.each([360, 1440, 2560])("is as wide as a screen of %i pixels", async (width) => {
    await withPage(
      browser,
      html,
      async ({ page }) => {
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      },
      { viewport: { width, height: 800 } },
    );
  });

  it("says in the tab and in the first heading how the run went", async () => {
    await withPage(browser, html, async ({ page }) => {
      expect(await page.title()).toContain(fixture(name).executionState);
      expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    });
  });
});

describe("without scripts", () => {
  it.each(["mixed", "hostile", "cancelled"] as const)(
    "the failures of the fixture %s can be read, with their stacks",
    async (name) => {
      const report = fixture(name);
      await withPage(
        browser,
        renderHtml(report),
        async ({ page, requests }) => {
          await expectFailuresToBeReadable(page, name);
          expect(requests).toHaveLength(1);
        },
        { javaScriptEnabled: false },
      );
    },
  );

  it.each(["default-src 'none'", "sandbox; default-src 'none'; img-src 'self'; style-src 'self';"])(
    "nor styles, under the policy %s, they can be read as well",
    async (policy) => {
      await withServedPage(
        browser,
        renderHtml(fixture("mixed")),
        policy,
        async ({ page, requests }) => {
          expect(await page.evaluate("document.documentElement.dataset.ready ?? null")).toBeNull();
          await expectFailuresToBeReadable(page, "mixed");
          expect(requests).toHaveLength(1);
        },
      );
    },
  );

  it("what was running when a process was killed can be read, with how to go on", async () => {
    await withPage(
      browser,
      renderHtml(fixture("interrupted")),
      async ({ page }) => {
        await page.getByText("for at least 20 ms").waitFor({ state: "visible" });
        await page.getByText("resumeFrom: readEventLog(…)").waitFor({ state: "visible" });
      },
      { javaScriptEnabled: false },
    );
  });

  it("the timeline is a picture and the tasks of a small run are a table", async () => {
    await withPage(
      browser,
      renderHtml(fixture("mixed")),
      async ({ page }) => {
        expect(await page.locator("svg.still").isVisible()).toBe(true);
        expect(await page.locator("table.list tbody tr").count()).toBe(298);
        expect(await page.locator("#explorer").isVisible()).toBe(false);
      },
      { javaScriptEnabled: false },
    );
  });

  async function expectFailuresToBeReadable(
    page: Page,
    name: (typeof fixtureNames)[number],
  ): Promise<void> {
    const failures = fixture(name).taskStatistics.filter(isFailure);
    expect(failures.length).toBeGreaterThan(name === "cancelled" ? -1 : 0);
    const folds = page.locator("details.more > summary");
    for (let fold = 0; fold < (await folds.count()); fold++) await folds.nth(fold).click();
    for (const task of failures.slice(0, 12)) {
      const shown = page.locator("details.failure").filter({
        has: page.getByText(cut(visibleName(task.taskName), 160), { exact: true }),
      });
      // One that an item or an inner task made fail is told with that.
      if (failures.some(({ parent }) => parent === task.taskName)) {
        const cause = page.locator("details.failure", { hasText: `made ${task.taskName} fail` });
        await cause.first().waitFor({ state: "visible" });
        continue;
      }
      const entry = shown.first();
      await entry.waitFor({ state: "visible" });
      if ((await entry.getAttribute("open")) === null) await entry.locator("summary").click();
      if (task.error?.stack === undefined) continue;
      const [, frame = ""] = visibleLines(task.error.stack).split("\n");
      await entry.locator("pre", { hasText: frame.trim() }).waitFor({ state: "visible" });
    }
  }
});

describe("for everybody", () => {
  it.each(
    (["light", "dark"] as const).flatMap((scheme) =>
      [360, 1440].map((width) => [scheme, width] as const),
    ),
  )(
    "axe finds nothing, %s at %i pixels",
    async (colorScheme, width) => {
      for (const name of ["mixed", "planning-failure", "interrupted", "empty", "one"] as const) {
        await withPage(
          browser,
          renderHtml(fixture(name)),
          async ({ page }) => {
            expect(await violations(page), name).toEqual([]);
            if (name === "empty") return;
            await page.evaluate("location.hash = '#t=0'");
            await page.locator("#details h3").waitFor();
            expect(await violations(page), `${name} with details`).toEqual([]);
          },
          { colorScheme, viewport: { width, height: 900 } },
        );
      }
    },
    180_000,
  );

  it("axe does find what is wrong in a page that is wrong", async () => {
    await withPage(
      browser,
      renderHtml(fixture("mixed")),
      async ({ page }) => {
        await page.evaluate("document.documentElement.style.setProperty('--soft', '#c8c8c8')");
        expect(await violations(page)).toContainEqual(expect.stringContaining("color-contrast"));
      },
      { colorScheme: "light" },
    );
  });

  async function violations(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    return (await page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 160)).slice(0, 3).join(" | ")))`)) as string[];
  }

  it("nothing moves for those who asked for that", async () => {
    const moves = `Array.from(document.querySelectorAll("*")).filter((one) =>
      getComputedStyle(one).transitionDuration !== "0s" || getComputedStyle(one).animationName !== "none").length`;
    await withPage(
      browser,
      renderHtml(fixture("mixed")),
      async ({ page }) => expect(await page.evaluate(moves)).toBe(0),
      { reducedMotion: "reduce" },
    );
  });

  it("on paper the timeline and the tasks are those that need no script, and no button is printed", async () => {
    await withPage(browser, renderHtml(fixture("mixed")), async ({ page }) => {
      await page.emulateMedia({ media: "print" });
      expect(await page.locator("svg.still").isVisible()).toBe(true);
      expect(await page.locator("table.list").isVisible()).toBe(true);
      expect(await page.locator("button:visible, canvas:visible").count()).toBe(0);
    });
  });

  it("and dark ink is printed on white, also where the screen is dark", async () => {
    await withPage(
      browser,
      renderHtml(fixture("mixed")),
      async ({ page }) => {
        const colours =
          "[getComputedStyle(document.documentElement)].map((of) => [of.color, of.backgroundColor])[0]";
        expect(await page.evaluate(colours)).toEqual(["rgb(235, 233, 228)", "rgb(19, 22, 24)"]);
        await page.emulateMedia({ media: "print" });
        expect(await page.evaluate(colours)).toEqual(["rgb(27, 33, 36)", "rgb(255, 255, 255)"]);
      },
      { colorScheme: "dark" },
    );
  });
});

describe("10,000 tasks", () => {
  const html = renderHtml(fixture("large"));

  it("are a page of less than a megabyte", () => {
    expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
  });

  it("are all in the list, the last one reached with one key, and few rows exist at a time", async () => {
    await withPage(browser, html, async ({ page }) => {
      const grid = page.getByRole("grid");
      expect(await grid.getAttribute("aria-rowcount")).toBe("10001");
      await grid.focus();
      await page.keyboard.press("End");
      const last = fixture("large").taskStatistics.at(-1)?.taskName ?? "";
      await page.locator("#details h3", { hasText: last }).waitFor();
      expect(await page.locator(".grid .body .row").count()).toBeLessThan(100);
    });
  });
});
