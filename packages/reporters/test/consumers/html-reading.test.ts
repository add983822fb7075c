import { createHash } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml } from "../../src/index.ts";
import { duration } from "../../src/wording/duration.ts";
import { fixture } from "../fixtures.ts";
import { openBrowser } from "./browser.ts";
import { withPage } from "./html-page.ts";

const report = fixture("mixed");
const html = renderHtml(report);
const names = report.taskStatistics.map(({ taskName }) => taskName);

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(() => browser.close());

/** The name in the row that a screen reader is told to read. */
const ACTIVE = `document.getElementById(document.activeElement.getAttribute("aria-activedescendant") ?? "none")
  ?.querySelector(".name")?.firstChild?.textContent ?? null`;

async function tabTo(page: Page, selector: string): Promise<number> {
  for (let presses = 1; presses <= 200; presses++) {
    await page.keyboard.press("Tab");
    if (
      (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) === true
    ) {
      return presses;
    }
  }
  throw new Error(`Tab never came to ${selector}`);
}

describe("with the keyboard alone", () => {
  it("the list is reached by Tab, and in it every task by the arrow, the details following", async () => {
    await withPage(browser, html, async ({ page }) => {
      await tabTo(page, "[role=grid]");
      const reached: unknown[] = [];
      for (const _ of names) {
        await page.keyboard.press("ArrowDown");
        reached.push(await page.evaluate(ACTIVE));
      }
      expect(reached).toEqual(names);
      expect(await page.locator("#details h3").textContent()).toBe(names.at(-1));
    });
  });

  it("Home, End and the page keys go far, Enter goes to the details, Escape back and then away", async () => {
    await withPage(browser, html, async ({ page }) => {
      await page.getByRole("grid").focus();
      await page.keyboard.press("End");
      expect(await page.evaluate(ACTIVE)).toBe(names.at(-1));
      await page.keyboard.press("PageUp");
      const up = names.indexOf(String(await page.evaluate(ACTIVE)));
      expect(up).toBeGreaterThan(200);
      expect(up).toBeLessThan(names.length - 5);
      await page.keyboard.press("Home");
      expect(await page.evaluate(ACTIVE)).toBe(names[0]);
      await page.keyboard.press("Enter");
      expect(await page.evaluate("document.activeElement.id")).toBe("details");
      await page.keyboard.press("Escape");
      expect(await page.evaluate("document.activeElement.getAttribute('role')")).toBe("grid");
      await page.keyboard.press("Escape");
      expect(await page.locator("#details").isVisible()).toBe(false);
    });
  });

  it("the slash filters, the list says how many there are, Escape lets go", async () => {
    await withPage(browser, html, async ({ page }) => {
      await page.keyboard.press("/");
      await page.keyboard.type("check-1 completed");
      const expected = names.filter((name) => name.includes("check-1")).length;
      expect(await page.getByRole("grid").getAttribute("aria-rowcount")).toBe(String(expected + 1));
      await page
        .locator("#said", { hasText: `${expected} of ${names.length} tasks` })
        .waitFor({ state: "attached" });
      await page.keyboard.press("Escape");
      expect(await page.getByRole("grid").getAttribute("aria-rowcount")).toBe(
        String(names.length + 1),
      );
    });
  });

  it("columns are sorted by their headers", async () => {
    await withPage(browser, html, async ({ page }) => {
      await tabTo(page, ".headers .ran button");
      await page.keyboard.press("Enter");
      await page.getByRole("grid").focus();
      await page.keyboard.press("Home");
      const [slowest] = report.taskStatistics.toSorted((a, b) => b.runMs - a.runMs);
      expect(await page.evaluate(ACTIVE)).toBe(slowest?.taskName);
      expect(await page.locator("[aria-sort=descending]").textContent()).toBe("ran");
      await page.locator(".headers .ended button").click();
      await page.getByRole("grid").focus();
      await page.keyboard.press("Home");
      const [last] = report.taskStatistics.toSorted((a, b) => (b.endAt ?? 0) - (a.endAt ?? 0));
      expect(await page.evaluate(ACTIVE)).toBe(last?.taskName);
    });
  });
});

describe("what is filtered", () => {
  it.each([
    [
      "by a limit of time",
      ">50ms",
      ({ runMs }: (typeof report.taskStatistics)[number]) => runMs > 50,
    ],
    [
      "by status",
      "skipped",
      ({ status }: (typeof report.taskStatistics)[number]) => status === "skipped",
    ],
    [
      "by map",
      "sizes[",
      ({ parent }: (typeof report.taskStatistics)[number]) => parent === "sizes",
    ],
  ])("%s is what the report says", async (_, text, expected) => {
    await withPage(browser, html, async ({ page }) => {
      await page.locator("input[type=search]").fill(text);
      const count = report.taskStatistics.filter(expected).length;
      expect(count).toBeGreaterThan(0);
      expect(await page.getByRole("grid").getAttribute("aria-rowcount")).toBe(String(count + 1));
    });
  });

  it("can be switched to the critical path", async () => {
    await withPage(browser, html, async ({ page }) => {
      await page.getByRole("button", { name: "critical path" }).click();
      const path = new Set(report.analysis.criticalPath.map(({ task }) => task));
      expect(await page.getByRole("grid").getAttribute("aria-rowcount")).toBe(
        String(path.size + 1),
      );
    });
  });
});

describe("the timeline", () => {
  const canvas = ".timeline .rows canvas";
  const picture = async (page: Page): Promise<string> => {
    await page.evaluate(
      "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))",
    );
    const dots = await page.evaluate(`document.querySelector("${canvas}").toDataURL()`);
    return createHash("sha256").update(String(dots)).digest("hex");
  };

  it("is drawn, is zoomed by the wheel after a click, moved by dragging and the keys, and put back by 0", async () => {
    await withPage(browser, html, async ({ page }) => {
      const whole = await picture(page);
      const box = page.locator(canvas);
      await box.scrollIntoViewIfNeeded();
      await box.focus();
      await box.hover({ position: { x: 900, y: 40 } });
      await page.mouse.wheel(0, -600);
      await page.mouse.move(5, 5);
      const closer = await picture(page);
      expect(closer).not.toBe(whole);
      await page.keyboard.press("ArrowRight");
      const moved = await picture(page);
      expect(moved).not.toBe(closer);
      await box.hover({ position: { x: 600, y: 40 } });
      await page.mouse.down();
      await page.mouse.move(300, 300, { steps: 4 });
      await page.mouse.up();
      await page.mouse.move(5, 5);
      expect(await picture(page)).not.toBe(moved);
      await page.keyboard.press("0");
      expect(await picture(page)).toBe(whole);
    });
  });

  it("says what its bars mean, those that this run has", async () => {
    const meanings = (open: Page): Promise<string[]> =>
      open.locator(".legend li").allTextContents();
    await withPage(browser, html, async ({ page }) =>
      expect(await meanings(page)).toEqual([
        "waited",
        "on the critical path",
        "completed",
        "failed",
        "ended otherwise",
        "back-off",
      ]),
    );
    await withPage(browser, renderHtml(fixture("one")), async ({ page }) =>
      expect(await meanings(page)).toEqual(["on the critical path", "completed"]),
    );
  });

  it("lets the page scroll past it until it is asked to zoom", async () => {
    await withPage(browser, html, async ({ page }) => {
      const box = page.locator(canvas);
      const before = await picture(page);
      await box.hover({ position: { x: 900, y: 40 } });
      const top = Number(await page.evaluate("scrollY"));
      await page.mouse.wheel(0, -300);
      await expect.poll(() => page.evaluate("scrollY"), { timeout: 10_000 }).toBeLessThan(top);
      await page.mouse.move(5, 5);
      expect(await picture(page)).toBe(before);
    });
  });

  it("shows a task that is clicked, and its address leads back to it", async () => {
    await withPage(browser, html, async ({ page }) => {
      await page.locator("#grouping").selectOption("slot");
      const box = page.locator(canvas);
      const { width = 0 } = (await box.boundingBox()) ?? {};
      await box.click({ position: { x: Math.round(width * 0.7), y: 40 } });
      const name = (await page.locator("#details h3").textContent()) ?? "";
      expect(names).toContain(name);
      expect(await page.evaluate("location.hash")).toBe(`#task=${name}&rows=slot`);
      await withPage(
        browser,
        html,
        async ({ page: again }) => {
          expect(await again.locator("#details h3").textContent()).toBe(name);
        },
        { hash: `#task=${name}` },
      );
    });
  });

  it.each(["slot", "executor", "task"])("is drawn by %s as well", async (grouping) => {
    await withPage(browser, html, async ({ page, complaints }) => {
      const whole = await picture(page);
      await page.locator("#grouping").selectOption(grouping);
      const other = await picture(page);
      expect(other).not.toBe(whole);
      if (grouping === "executor") {
        await page.getByRole("button", { name: "Unfold all" }).click();
        expect(await picture(page)).not.toBe(other);
      }
      expect(complaints).toEqual([]);
    });
  });
});

describe("the details of a task", () => {
  it("are those of the report: what it waited for, who released it, what it depends on", async () => {
    await withPage(browser, html, async ({ page }) => {
      for (const name of ["read[8]", "verdict", "broken", "behind", "notify", "check-4"]) {
        const task = report.taskStatistics.find(({ taskName }) => taskName === name);
        if (task === undefined) throw new Error(`no ${name}`);
        await page.evaluate(`location.hash = "#t=${names.indexOf(name)}"`);
        await page.locator("#details h3", { hasText: name }).waitFor();
        const text = (await page.locator("#details").textContent()) ?? "";
        expect(text).toContain(task.status);
        if (task.releasedBy !== undefined) expect(text).toContain(`released by ${task.releasedBy}`);
        if (task.queuedMs > 0) expect(text).toContain(duration(task.queuedMs));
        for (const { task: dependency } of task.dependencies) expect(text).toContain(dependency);
        for (const attempt of task.attemptStatistics.slice(0, -1)) {
          expect(text).toContain(attempt.errorMessage ?? "");
          if (attempt.delayMs) expect(text).toContain(`${duration(attempt.delayMs)} back-off`);
        }
      }
    });
  });

  it("name nine neighbours a side, and the others when that is opened", async () => {
    await withPage(browser, html, async ({ page }) => {
      await page.evaluate(`location.hash = "#t=${names.indexOf("flaky")}"`);
      const after = report.taskStatistics.filter(({ dependencies }) =>
        dependencies.some(({ task }) => task === "flaky"),
      ).length;
      const side = page.locator(".focus-graph .side", { hasText: "needed by" });
      expect(await side.locator("li a").count()).toBe(9);
      const more = side.locator("summary");
      expect(await more.textContent()).toBe(`and ${after - 9} more`);
      await more.press("Enter");
      await side
        .locator("li a")
        .nth(after - 1)
        .waitFor();
      expect(new Set(await side.locator("li a").allTextContents()).size).toBe(after);
      for (const key of ["Enter", "Enter"]) await more.press(key);
      expect(await side.locator("li a").count()).toBe(after);
    });
  });

  it("give an error as Markdown, whatever stands in it", async () => {
    const copied = JSON.parse(JSON.stringify(report)) as typeof report;
    const broken = copied.taskStatistics.find(({ taskName }) => taskName === "broken");
    if (broken?.error === undefined) throw new Error("no error");
    broken.error.message = "a ``` fence";
    broken.error.stack = "Error: a ``` fence\n    at x";
    await withPage(browser, renderHtml(copied), async ({ page }) => {
      await page.evaluate(
        "navigator.clipboard.writeText = async (text) => { window.copied = text; }",
      );
      await page.evaluate(`location.hash = "#t=${names.indexOf("broken")}"`);
      await page.locator("#details").getByRole("button", { name: "Copy as Markdown" }).click();
      await page.locator("#details").getByRole("button", { name: "Copied" }).waitFor();
      const text = String(await page.evaluate("window.copied"));
      expect(text).toContain("### `broken`");
      expect(text).toMatch(/\n````text\nError: a ``` fence\n {4}at x\n(?:.*\n)*````\n$/);
    });
  });

  it("hold the value of a task only when asked", async () => {
    const one = fixture("one");
    expect(renderHtml(one)).not.toContain('value: {\\"rows\\":3}');
    await withPage(
      browser,
      renderHtml(one, { outputs: true }),
      async ({ page }) => {
        expect(await page.locator("#details .note").textContent()).toContain('value: {"rows":3}');
      },
      { hash: "#t=0" },
    );
  });
});
