import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderCard, renderSvg } from "../../src/index.ts";
import { visibleName } from "../../src/wording/visible.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { nestedRun } from "../nested-runs.ts";
import { openBrowser } from "./browser.ts";
import { run, withFile } from "./programs.ts";

describe("the picture", () => {
  let browser: Browser;
  let page: Page;
  let requests = 0;

  beforeAll(async () => {
    browser = await openBrowser();
    page = await browser.newPage();
    page.on("request", () => {
      requests++;
    });
  });

  afterAll(() => browser.close());

  it.each(fixtureNames)(
    "of the fixture %s is well-formed XML to xmllint, and so is its card",
    (name) => {
      for (const svg of [renderSvg(fixture(name)), renderCard(fixture(name))]) {
        const { code, stderr } = withFile(svg, (file) => run("xmllint", ["--noout", file]));
        expect(stderr).toBe("");
        expect(code).toBe(0);
      }
    },
  );

  it.each(fixtureNames)(
    "of the fixture %s is drawn by Chromium inside its frame, asking for nothing",
    async (name) => {
      requests = 0;
      await page.setContent(`<!doctype html><body style="margin:0">${renderSvg(fixture(name))}`);
      const drawn = (await page.evaluate(`(() => {
      const svg = document.querySelector("svg");
      const frame = svg.getBoundingClientRect();
      const bars = Array.from(svg.querySelectorAll("g > rect:first-of-type"), (bar) => bar.getBoundingClientRect());
      return {
        bars: bars.length,
        failed: svg.querySelector('g > rect[fill="#c4352b"]') !== null,
        outside: bars.filter((bar) => bar.left < 0 || bar.right > frame.right + 1 || bar.bottom > frame.bottom).length,
        foreign: Array.from(svg.querySelectorAll("*")).map((one) => one.tagName).filter((tag) => !["title", "rect", "text", "line", "g"].includes(tag)),
      };
    })()`)) as { bars: number; failed: boolean; outside: number; foreign: string[] };
      expect(drawn.outside).toBe(0);
      expect(drawn.foreign).toEqual([]);
      const attempts = fixture(name).taskStatistics.flatMap((task) => task.attemptStatistics);
      const failed = attempts.filter(({ status }) => status === "failed").length;
      expect(drawn.bars).toBeLessThanOrEqual(Math.min(attempts.length, 2000 + 2 * failed));
      expect(drawn.failed).toBe(failed > 0);
      expect(drawn.bars > 0).toBe(fixture(name).totalAttempts > 0);
      expect(requests).toBe(0);
    },
    60_000,
  );

  it.each(fixtureNames)(
    "of the fixture %s and its card squeeze no text, and let none out of its bar",
    async (name) => {
      const svgs = [
        renderSvg(fixture(name)),
        renderSvg(fixture(name), { width: 500, theme: "dark" }),
        renderCard(fixture(name)),
      ];
      for (const svg of svgs) {
        expect(svg).not.toContain("textLength");
        await page.setContent(`<!doctype html><body style="margin:0">${svg}`);
        const out = (await page.evaluate(`(() => {
        const frame = document.querySelector("svg").getBoundingClientRect();
        return Array.from(document.querySelectorAll("svg text")).filter((text) => {
          const bar = text.parentElement.tagName === "g" ? text.parentElement.firstElementChild.nextElementSibling.getBoundingClientRect() : frame;
          const own = text.getBoundingClientRect();
          return own.left < bar.left - 0.5 || own.right > bar.right + 0.5;
        }).map((text) => text.textContent);
      })()`)) as string[];
        expect(out).toEqual([]);
      }
    },
  );

  it("of a run with flows inside of tasks has a row for each task at the top, what is inside folded into it", async () => {
    await page.setContent(renderSvg(await nestedRun({ fails: true })));
    const rows = await page.evaluate(
      `Array.from(document.querySelectorAll('svg > text[text-anchor="end"]'), (text) => text.textContent)`,
    );
    expect(rows).toEqual(["config", "us ×2", "photos", "eu ×1", "thumbs ×12", "crawl ×4"]);
    const failed = await page.evaluate(
      `Array.from(document.querySelectorAll('g[aria-label*="failed"] > title'), (title) => title.textContent)`,
    );
    expect(failed).toEqual(["eu.load failed, 5 ms", "thumbs[2].store failed, 0.001 ms"]);
  });

  it("of hostile names says each of them as it is", async () => {
    const report = fixture("hostile");
    // A bar each: on a picture this wide none is too short to be told from its neighbour.
    await page.setContent(renderSvg(report, { width: 1_000_000 }));
    const said = (await page.evaluate(
      `Array.from(document.querySelectorAll("g > title"), (title) => title.textContent)`,
    )) as string[];
    for (const { taskName, startAt } of report.taskStatistics) {
      if (startAt === null) continue;
      const name = visibleName(taskName);
      expect(
        said.some((one) => one.includes(name)),
        name,
      ).toBe(true);
    }
  });
});
