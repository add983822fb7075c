/** The picture of the graph on a page, in a real browser: what is in it, that it needs no script, and the keyboard. */
import type { SerializedReport } from "@astrum/core";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml } from "../../src/index.ts";
import { count } from "../../src/wording/counts.ts";
import { exampleRun } from "../example-runs.ts";
import { fixture } from "../fixtures.ts";
import { nestedRun } from "../nested-runs.ts";
import { openBrowser } from "./browser.ts";
import { withPage } from "./html-page.ts";

let browser: Browser;
let release: SerializedReport;
let nightly: SerializedReport;
let nested: SerializedReport;

beforeAll(async () => {
  browser = await openBrowser();
  release = await exampleRun("release");
  nightly = await exampleRun("nightly");
  nested = await nestedRun({ fails: true });
}, 60_000);

afterAll(() => browser.close());

const said = async (page: Page): Promise<string[]> =>
  (await page.evaluate(
    "Array.from(document.querySelectorAll('.graph a.box'), (one) => one.getAttribute('aria-label'))",
  )) as string[];

describe("the picture of the graph", () => {
  it("has a box for each task, which says how it ended, how long it took and whether it is critical", async () => {
    await withPage(
      browser,
      renderHtml(release),
      async ({ page, complaints }) => {
        const boxes = await said(page);
        expect(boxes).toHaveLength(release.totalTasks);
        expect(boxes).toContain("smoke test ✗ 36.9 s, failed");
        expect(boxes).toContain("deploy eu ↷ skipped, skipped");
        expect(boxes).toContain("build client ✓ 51.7 s, completed, on the critical path");
        const strong = boxes.filter((one) => one.endsWith("on the critical path"));
        const path = new Set(release.analysis.criticalPath.map(({ task }) => task));
        expect(strong).toHaveLength(path.size);
        expect(complaints).toEqual([]);
      },
      { javaScriptEnabled: false },
    );
  });

  it("has one box for a map, for a flow, and for many tasks with the same neighbours", async () => {
    await withPage(browser, renderHtml(nightly), async ({ page }) => {
      const boxes = await said(page);
      expect(boxes.length).toBeLessThan(20);
      expect(boxes).toContainEqual(
        expect.stringMatching(
          /^fetch ✗ .*, 120 inside, 1 failed, tolerated, on the critical path$/,
        ),
      );
      expect(boxes).toContainEqual(expect.stringMatching(/^report south 01 \+11 ✓ .*, completed/));
    });
    await withPage(browser, renderHtml(nested), async ({ page }) => {
      const boxes = await said(page);
      expect(boxes).toHaveLength(7);
      expect(boxes).toContainEqual(
        expect.stringMatching(/^thumbs ✓ .*, 12 inside, 2 failed, completed/),
      );
    });
  });

  it("of ten thousand tasks is a part, and says which", async () => {
    const large = fixture("large");
    await withPage(
      browser,
      renderHtml(large),
      async ({ page }) => {
        const boxes = await said(page);
        expect(boxes.length).toBeGreaterThan(1);
        expect(boxes.length).toBeLessThanOrEqual(150);
      },
      { javaScriptEnabled: false },
    );
    const backfill = await exampleRun("backfill");
    await withPage(
      browser,
      renderHtml(backfill),
      async ({ page }) => {
        const boxes = await said(page);
        expect(boxes.length).toBeLessThanOrEqual(60);
        const failed = backfill.taskStatistics.filter(({ status }) => status === "failed").length;
        expect(boxes.filter((one) => one.includes(", failed")).length).toBeGreaterThanOrEqual(
          Math.min(3, failed),
        );
        await page
          .getByText(`a part of ${count(backfill.totalTasks)} tasks, maps and flows`)
          .waitFor();
      },
      { javaScriptEnabled: false },
    );
  }, 120_000);

  it("is not there where nothing depends on anything", async () => {
    await withPage(browser, renderHtml(await exampleRun("one")), async ({ page }) => {
      expect(await page.locator(".graph").count()).toBe(0);
      expect(await page.getByRole("link", { name: "Graph" }).count()).toBe(0);
    });
  });

  it("keeps its words inside of its boxes", async () => {
    for (const report of [release, nightly]) {
      await withPage(browser, renderHtml(report), async ({ page }) => {
        const over =
          await page.evaluate(`Array.from(document.querySelectorAll(".graph a.box")).filter((box) => {
          const { right } = box.querySelector("rect").getBoundingClientRect();
          return Array.from(box.querySelectorAll("text")).some((text) => text.getBoundingClientRect().right > right - 2);
        }).map((box) => box.textContent)`);
        expect(over).toEqual([]);
      });
    }
  });
});

describe("a box of the graph", () => {
  it("leads to its task with a click, and stands out when its task is chosen anywhere", async () => {
    await withPage(browser, renderHtml(nightly), async ({ page }) => {
      await page.locator(".graph a.box", { hasText: "load west" }).click();
      await page.locator("#details h3", { hasText: "load west" }).waitFor();
      const current = page.locator(".graph [aria-current=true] .name");
      expect(await current.allTextContents()).toEqual(["load west"]);
      await page.locator("input[type=search]").fill("fetch[63]");
      await page.locator(".grid .row", { hasText: "fetch[63]" }).click();
      expect(await current.allTextContents()).toEqual(["fetch"]);
      await page.locator("input[type=search]").fill("report south 07");
      await page.locator(".grid .row", { hasText: "report south 07" }).click();
      expect(await current.allTextContents()).toEqual(["report south 01 +11"]);
    });
  });

  it("leads to the row of its task without scripts", async () => {
    await withPage(
      browser,
      renderHtml(release),
      async ({ page }) => {
        await page.locator(".graph a.box", { hasText: "smoke test" }).click();
        expect(await page.locator("tr:target").textContent()).toContain("smoke test");
      },
      { javaScriptEnabled: false },
    );
  });

  it("is reached with one Tab and then with the arrow keys, and opens with Enter", async () => {
    await withPage(browser, renderHtml(release), async ({ page }) => {
      expect(await page.locator(".graph a.box[tabindex='0']").count()).toBe(1);
      await page.locator(".graph a.box[tabindex='0']").focus();
      const focused = "document.activeElement.querySelector('.name')?.textContent";
      const seen = new Set<unknown>();
      for (let step = 0; step < 9; step++) {
        seen.add(await page.evaluate(focused));
        await page.keyboard.press("ArrowRight");
      }
      expect(seen.size).toBeGreaterThan(4);
      await page.keyboard.press("ArrowLeft");
      const last = String(await page.evaluate(focused));
      await page.keyboard.press("Enter");
      await page.locator("#details h3", { hasText: last }).waitFor();
      expect(await page.locator(".graph a.box[tabindex='0']").count()).toBe(1);
    });
  });
});

describe("from what was skipped to what failed", () => {
  const wanting = (name: string): SerializedReport => {
    const copied = structuredClone(nightly);
    const map = copied.taskStatistics.find(({ taskName }) => taskName === "fetch");
    const mail = copied.taskStatistics.find(({ taskName }) => taskName === name);
    if (map === undefined || mail === undefined) throw new Error("no such task");
    for (const task of [map, ...copied.taskStatistics.filter(({ parent }) => parent === "fetch")])
      delete task.tolerated;
    mail.status = "skipped";
    mail.attemptStatistics = [];
    mail.attemptCount = 0;
    mail.startAt = null;
    mail.endAt = null;
    mail.reason = { kind: "dependency", task: "totals", root: "fetch" };
    return copied;
  };

  it("is one click, though a map stands between", async () => {
    await withPage(
      browser,
      renderHtml(wanting("mail")),
      async ({ page }) => {
        await page.locator("#details").getByRole("link", { name: "fetch[63]" }).click();
        await page.locator("#details h3", { hasText: "fetch[63]" }).waitFor();
        await page.locator("#details pre", { hasText: "410 Gone" }).first().waitFor();
      },
      { hash: "#task=mail" },
    );
  });

  it("is one link without scripts, too, and the item tells what it took down", async () => {
    await withPage(
      browser,
      renderHtml(wanting("mail")),
      async ({ page }) => {
        await page.locator("#not-run summary", { hasText: "fetch" }).click();
        const link = page.locator("#not-run .fallen a").first();
        expect(await link.textContent()).toBe("fetch[63]");
        const failure = page.locator("#failures .failure", { hasText: "fetch[63]" }).first();
        expect(await failure.locator("summary").textContent()).toContain("took 1 task down");
      },
      { javaScriptEnabled: false },
    );
  });

  it("a map names its items that failed", async () => {
    await withPage(
      browser,
      renderHtml(nightly),
      async ({ page }) => {
        expect(
          await page.locator("#details ul.names a, #details ul a.task").allTextContents(),
        ).toContain("fetch[63]");
        // Tolerated is the map, and its item, and neither looks as if it were more.
        const marks = page.locator("#details .mark");
        expect(await marks.first().textContent()).toMatch(/failed, tolerated/);
        expect(await page.locator("#details .mark.failed").count()).toBe(0);
        expect(await page.locator("#details .mark.tolerated").count()).toBe(2);
      },
      { hash: "#task=fetch" },
    );
  });
});

describe("axe", () => {
  it.each(
    (["light", "dark"] as const).flatMap((scheme) =>
      [390, 1440].map((width) => [scheme, width] as const),
    ),
  )(
    "finds nothing in a page with a graph and a chosen task, %s at %i pixels",
    async (colorScheme, width) => {
      for (const hash of ["#task=load west&colour=map", "#task=no such task&filter=nothing"]) {
        await withPage(
          browser,
          renderHtml(nightly),
          async ({ page }) => {
            await page.evaluate(axe.source);
            const found =
              await page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
            violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 160)).slice(0, 3).join(" | ")))`);
            expect(found).toEqual([]);
            expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
          },
          { colorScheme, viewport: { width, height: 900 }, hash },
        );
      }
    },
    60_000,
  );
});
