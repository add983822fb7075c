/** The timeline and the list of a page in a real browser: which rows there are, what is drawn in them, and what a filter leaves. */
import type { SerializedReport } from "@astrum/core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml } from "../../src/index.ts";
import { exampleRun } from "../example-runs.ts";
import { openBrowser } from "./browser.ts";
import { withPage } from "./html-page.ts";

let browser: Browser;
let release: SerializedReport;
let nightly: SerializedReport;
let backfill: SerializedReport;

beforeAll(async () => {
  browser = await openBrowser();
  release = await exampleRun("release");
  nightly = await exampleRun("nightly");
  backfill = await exampleRun("backfill");
}, 120_000);

afterAll(() => browser.close());

const rowCount = async (page: Page): Promise<number> =>
  Number(await page.locator(".timeline").getAttribute("data-rows"));

const listCount = async (page: Page): Promise<number> =>
  Number(await page.getByRole("grid").getAttribute("aria-rowcount")) - 1;

/** How many columns of a row of the canvas have somewhere the colour that the style sheet calls so. */
async function columns(page: Page, row: number, rows: number, colour: string): Promise<number> {
  const count = `new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))).then(() => {
    const canvas = document.querySelector(".timeline .rows canvas");
    const tall = Number.parseInt(document.querySelector(".timeline .tall").style.height) / ${rows};
    const { width, data } = canvas.getContext("2d").getImageData(0, Math.round(${row} * tall), canvas.width, Math.round(tall));
    const value = getComputedStyle(document.documentElement).getPropertyValue("--${colour}").trim();
    const wanted = [1, 3, 5].map((at) => Number.parseInt(value.slice(at, at + 2), 16));
    const found = new Set();
    for (let at = 0; at < data.length; at += 4)
      if (wanted.every((part, place) => data[at + place] === part)) found.add((at / 4) % width);
    return found.size;
  })`;
  return Number(await page.evaluate(count));
}

describe("the rows of the timeline", () => {
  it("are one for each task up to sixty, also for those that never started", async () => {
    await withPage(browser, renderHtml(release), async ({ page, complaints }) => {
      expect(release.skippedTasks).toBeGreaterThan(3);
      expect(await page.locator("#grouping").inputValue()).toBe("task");
      expect(await rowCount(page)).toBe(release.totalTasks);
      expect(complaints).toEqual([]);
    });
  });

  it("are one for each map above that, and what is in a map unfolds where it is clicked", async () => {
    await withPage(browser, renderHtml(nightly), async ({ page }) => {
      expect(await page.locator("#grouping").inputValue()).toBe("map");
      const own = nightly.taskStatistics.filter(({ kind }) => kind !== "item").length;
      expect(await rowCount(page)).toBe(own);
      const canvas = page.locator(".timeline .rows canvas");
      await canvas.click({ position: { x: 20, y: 2 * 18 + 9 } });
      expect(await rowCount(page)).toBeGreaterThan(own);
      await canvas.click({ position: { x: 20, y: 2 * 18 + 9 } });
      expect(await rowCount(page)).toBe(own);
    });
  });

  it("are one for each stage where even tasks outside of maps are more than sixty", async () => {
    await withPage(browser, renderHtml(backfill), async ({ page }) => {
      expect(await rowCount(page)).toBe(backfill.totalStages);
    });
  });

  it("lead from a task that never started to why", async () => {
    await withPage(browser, renderHtml(release), async ({ page }) => {
      await page.locator("input[type=search]").fill("deploy eu");
      expect(await rowCount(page)).toBe(1);
      await page.locator(".timeline .rows canvas").click({ position: { x: 400, y: 10 } });
      await page.locator("#details h3", { hasText: "deploy eu" }).waitFor();
      await page.locator("#details .reason", { hasText: "smoke test" }).waitFor();
    });
  });
});

describe("a bar of the timeline", () => {
  const order = (report: SerializedReport): string[] =>
    report.taskStatistics
      .map(({ taskName, startAt, readyAt }) => ({ taskName, at: startAt ?? readyAt ?? Infinity }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ taskName }) => taskName);

  it("has in grey before it how long it waited, and none where it did not", async () => {
    await withPage(
      browser,
      renderHtml(release),
      async ({ page }) => {
        const lint = await columns(page, order(release).indexOf("lint"), 30, "queue");
        const install = await columns(page, order(release).indexOf("install"), 30, "queue");
        expect(lint).toBeGreaterThan(40);
        expect(install).toBe(0);
      },
      { colorScheme: "light" },
    );
  });

  it("is red where it failed, and a map with one failed item among many only there", async () => {
    await withPage(
      browser,
      renderHtml(nightly),
      async ({ page }) => {
        const fetch = 2;
        const red = await columns(page, fetch, 60, "fail");
        const span = nightly.taskStatistics.find(({ taskName }) => taskName === "fetch");
        const whole = ((span?.endAt ?? 0) - (span?.startAt ?? 0)) / nightly.totalDurationMs;
        expect(red).toBeGreaterThan(5);
        // A slab would be more than nine hundred of these pixels.
        expect(red).toBeLessThan(1000 * whole * 0.5);
        expect(await columns(page, fetch + 1, 60, "fail")).toBe(0);
      },
      { colorScheme: "light" },
    );
  });

  it("has the colour of its map or of its first tag where that is asked for, and the legend names it", async () => {
    await withPage(
      browser,
      renderHtml(release),
      async ({ page }) => {
        const names = page.locator(".legend li");
        expect(await names.allTextContents()).not.toContain("test");
        await page.locator("#colouring").selectOption("tag");
        expect(await names.allTextContents()).toEqual(
          expect.arrayContaining(["waited", "test", "build", "failed"]),
        );
        const place = order(release).indexOf("unit core");
        expect(await columns(page, place, 30, "hue-0")).toBeGreaterThan(40);
        await page.locator("#colouring").selectOption("outcome");
        expect(await columns(page, place, 30, "hue-0")).toBe(0);
      },
      { colorScheme: "light" },
    );
  });
});

describe("a filter", () => {
  it("leaves in the timeline the rows that it leaves in the list", async () => {
    await withPage(browser, renderHtml(backfill), async ({ page }) => {
      await page.locator("#grouping").selectOption("task");
      await page.getByRole("button", { name: "✗ failed" }).click();
      const failed = backfill.failedTasks;
      expect(failed).toBeGreaterThan(1);
      expect(await listCount(page)).toBe(failed);
      expect(await rowCount(page)).toBe(failed);
      await page.keyboard.press("Escape");
      expect(await rowCount(page)).toBe(backfill.totalTasks);
    });
  });

  it("that nothing matches is told in the timeline and in the list", async () => {
    await withPage(browser, renderHtml(release), async ({ page }) => {
      const said = page.locator(".nothing");
      expect(await said.filter({ visible: true }).count()).toBe(0);
      await page.locator("input[type=search]").fill("no such thing");
      expect(await said.filter({ visible: true }).allTextContents()).toEqual([
        "Nothing that ran matches.",
        "No task matches.",
      ]);
      await page.keyboard.press("Escape");
      expect(await said.filter({ visible: true }).count()).toBe(0);
    });
  });

  it.each([
    ["the error of an attempt that was tried again", "expected 3 rows within", "unit client"],
    ["the cause of an error", "upstream connect error", "smoke test"],
    ["a frame of a stack", "health.ts:41", "smoke test"],
    ["a line of a log", "rolled back shard 12", "smoke test"],
    ["a description", "talks to the registry", "licences"],
    ["a tag", "slow", "e2e webkit"],
    ["the key of an item", "user-7", "lint"],
    ["what it waited for", "browsers", "e2e webkit"],
  ])("reaches %s", async (_, words, name) => {
    const said = structuredClone(release);
    for (const task of said.taskStatistics) {
      const last = task.attemptStatistics.at(-1);
      if (task.taskName === "smoke test" && last !== undefined)
        last.log = [{ at: 1, message: "rolled back shard 12" }];
      if (task.taskName === "licences") task.description = "Talks to the registry.";
      if (task.taskName === "lint") task.key = "user-7";
    }
    await withPage(browser, renderHtml(said), async ({ page }) => {
      await page.locator("input[type=search]").fill(words);
      const found = page.locator(".grid .row .label");
      expect((await found.allTextContents()).join("\n")).toContain(name);
      expect(await listCount(page)).toBeLessThan(8);
    });
  });
});

describe("the log of a task", () => {
  it("stands beside its error", async () => {
    const said = structuredClone(release);
    const place = said.taskStatistics.findIndex(({ taskName }) => taskName === "smoke test");
    const last = said.taskStatistics[place]?.attemptStatistics.at(-1);
    if (last === undefined) throw new Error("it did not run");
    last.log = [{ at: last.startAt + 12, message: "asked the proxy", attributes: { try: 3 } }];
    await withPage(
      browser,
      renderHtml(said),
      async ({ page }) => {
        expect(await page.locator("#details pre.log").textContent()).toBe(
          "12 ms  asked the proxy try=3",
        );
      },
      { hash: `#t=${place}` },
    );
  });
});

describe("the way to the timeline", () => {
  it.each([390, 1440])("is within the first screen, %i pixels wide", async (width) => {
    for (const report of [release, nightly]) {
      await withPage(
        browser,
        renderHtml(report),
        async ({ page }) => {
          const link = page.getByRole("navigation").getByRole("link", { name: "Timeline" });
          const height = 844;
          const { x = width, y = height } = (await link.boundingBox()) ?? {};
          expect(y).toBeLessThan(height - 40);
          expect(x).toBeLessThan(width - 40);
          await link.click();
          const heading = page.getByRole("heading", { name: "What waited for what" });
          await expect
            .poll(async () => (await heading.boundingBox())?.y ?? -1, { timeout: 10_000 })
            .toBeGreaterThan(20);
          expect((await heading.boundingBox())?.y).toBeLessThan(120);
          // On a screen that has the room it stays in sight.
          if (width > 1000) expect((await link.boundingBox())?.y).toBeLessThan(20);
        },
        { viewport: { width, height: 844 } },
      );
    }
  });

  it("names only parts that are there", async () => {
    for (const report of [release, await exampleRun("one")]) {
      await withPage(
        browser,
        renderHtml(report),
        async ({ page }) => {
          const links = page.getByRole("navigation").getByRole("link");
          for (const link of await links.all()) {
            const id = (await link.getAttribute("href"))?.slice(1) ?? "";
            expect(await page.locator(`[id="${id}"]`).count()).toBe(1);
          }
        },
        { javaScriptEnabled: false },
      );
    }
  });
});
