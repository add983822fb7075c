/** Links to a page and within it, in a real browser: by the name of a task, with what is looked for; copied; Back; what is not there. */
import type { SerializedReport } from "@astrum/core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml } from "../../src/index.ts";
import { exampleRun } from "../example-runs.ts";
import { openBrowser } from "./browser.ts";
import { withPage } from "./html-page.ts";

let browser: Browser;
let release: SerializedReport;
let html: string;

beforeAll(async () => {
  browser = await openBrowser();
  release = await exampleRun("release");
  html = renderHtml(release);
}, 60_000);

afterAll(() => browser.close());

const hash = async (page: Page): Promise<string> => String(await page.evaluate("location.hash"));

const chosen = (page: Page, name: string): Promise<void> =>
  page.locator("#details h3", { hasText: new RegExp(`^${name}$`) }).waitFor();

const inList = (page: Page, name: string): ReturnType<Page["locator"]> =>
  page.locator(".grid .row", { hasText: name });

describe("a link written by hand", () => {
  it.each(["#task=smoke test", "#task=smoke%20test", "#other=1&task=smoke test"])(
    "%s opens that task",
    async (link) => {
      await withPage(browser, html, ({ page }) => chosen(page, "smoke test"), { hash: link });
    },
  );

  it("says what is looked for, how the rows stand and which part of the time is seen", async () => {
    await withPage(
      browser,
      html,
      async ({ page, complaints }) => {
        await chosen(page, "unit client");
        expect(await page.locator("input[type=search]").inputValue()).toBe("unit");
        expect(await page.locator("#grouping").inputValue()).toBe("slot");
        expect(await page.locator("#colouring").inputValue()).toBe("tag");
        expect(await page.getByRole("button", { name: "flaky" }).getAttribute("aria-pressed")).toBe(
          "true",
        );
        expect(await page.getByRole("grid").getAttribute("aria-rowcount")).toBe("2");
        await page.getByRole("button", { name: "Look closer" }).click();
        await expect
          .poll(() => hash(page), { timeout: 10_000 })
          .toMatch(
            /^#task=unit%20client&filter=unit&only=flaky&rows=slot&colour=tag&zoom=\d+\.\d+s-\d+\.\d+s&mine=1$/,
          );
        const [, from = "", to = ""] =
          /zoom=([\d.]+)s-([\d.]+)s&mine=1$/.exec(await hash(page)) ?? [];
        expect(Number(from)).toBeGreaterThan(60);
        expect(Number(to)).toBeLessThan(120);
        expect(complaints).toEqual([]);
      },
      {
        hash: "#zoom=1min-120s&rows=slot&only=flaky&filter=unit&colour=tag&mine=1&task=unit client",
      },
    );
  });

  it.each([
    ["%", "100% of it & more"],
    ["a plus", "a+b"],
    ["an equals sign", "a=b#c"],
    ["another script", "日本 – café"],
  ])("may hold %s", async (_, name) => {
    const said = JSON.parse(
      JSON.stringify(release).replaceAll('"smoke test"', JSON.stringify(name)),
    ) as SerializedReport;
    await withPage(browser, renderHtml(said), async ({ page }) => {
      await page.locator("input[type=search]").fill("503");
      await page.locator(".grid .row").nth(1).click();
      expect(await page.locator("#details h3").textContent()).toBe(name);
      const link = await hash(page);
      await withPage(
        browser,
        renderHtml(said),
        async ({ page: again }) =>
          expect(await again.locator("#details h3").textContent()).toBe(name),
        { hash: link },
      );
    });
  });

  it.each(["#zoom=5-2&rows=none&only=&colour=x&filter=%zz", "#=&&=&t=&task", "#t=99999999999"])(
    "that makes no sense, %s, does no harm",
    async (link) => {
      await withPage(
        browser,
        html,
        async ({ page, complaints }) => {
          expect(await page.locator("#grouping").inputValue()).toBe("task");
          expect(complaints).toEqual([]);
        },
        { hash: link },
      );
    },
  );
});

describe("an older link", () => {
  it("by the place of a task opens it still, and becomes one by its name", async () => {
    const place = release.taskStatistics.findIndex(({ taskName }) => taskName === "smoke test");
    await withPage(
      browser,
      html,
      async ({ page }) => {
        await chosen(page, "smoke test");
        await page.locator("input[type=search]").fill("smoke");
        await expect
          .poll(() => hash(page), { timeout: 10_000 })
          .toBe("#task=smoke%20test&filter=smoke");
      },
      { hash: `#t=${place}` },
    );
  });
});

describe("an item of a map", () => {
  it("is found by its index and by its key, and passed on by its key", async () => {
    const nightly = await exampleRun("nightly");
    const said = structuredClone(nightly);
    for (const task of said.taskStatistics)
      if (task.parent === "fetch") task.key = `page ${task.taskName.slice(6, -1)}`;
    const keyed = renderHtml(said);
    for (const link of ["#task=fetch[63]", "#task=fetch[page 63]"]) {
      await withPage(
        browser,
        keyed,
        async ({ page }) => {
          await page.locator("#details h3", { hasText: "fetch[63] (page 63)" }).waitFor();
          await page.locator("input[type=search]").fill("410");
          await expect
            .poll(() => hash(page), { timeout: 10_000 })
            .toBe("#task=fetch[page%2063]&filter=410");
        },
        { hash: link },
      );
    }
  });
});

describe("a link to a task that this report does not have", () => {
  it("says so, and names what might be meant", async () => {
    await withPage(
      browser,
      html,
      async ({ page }) => {
        const missing = page.locator("#missing");
        await missing.filter({ hasText: "No task of this run is called smoke-test" }).waitFor();
        expect(await page.locator("#details").isVisible()).toBe(false);
        await missing.getByRole("link", { name: "smoke test" }).click();
        await chosen(page, "smoke test");
        expect(await missing.isVisible()).toBe(false);
      },
      { hash: "#task=smoke-test" },
    );
  });
});

describe("Back", () => {
  it("leads through what was clicked, and closes the details where nothing was", async () => {
    await withPage(browser, html, async ({ page }) => {
      await inList(page, "checkout").click();
      await inList(page, "install").click();
      await page.locator("#details").getByRole("link", { name: "checkout" }).first().click();
      await chosen(page, "checkout");
      await page.goBack();
      await chosen(page, "install");
      await page.goBack();
      await chosen(page, "checkout");
      await page.goBack();
      expect(await page.locator("#details").isVisible()).toBe(false);
      expect(await hash(page)).toBe("");
      await page.goForward();
      await chosen(page, "checkout");
    });
  });

  it("takes no step for each key, and keeps what is looked for", async () => {
    await withPage(browser, html, async ({ page }) => {
      const before = Number(await page.evaluate("history.length"));
      await page.getByRole("grid").focus();
      for (let row = 0; row < 5; row++) await page.keyboard.press("ArrowDown");
      await page.locator("input[type=search]").fill("unit");
      await expect.poll(() => hash(page), { timeout: 10_000 }).toContain("&filter=unit");
      expect(await page.evaluate("history.length")).toBe(before);
    });
  });

  it("from a part of the page shows what was shown there", async () => {
    await withPage(browser, html, async ({ page }) => {
      await inList(page, "checkout").click();
      await page.getByRole("navigation").getByRole("link", { name: "Timeline" }).click();
      expect(await hash(page)).toBe("#timeline");
      await chosen(page, "checkout");
      await inList(page, "install").click();
      await page.goBack();
      await chosen(page, "checkout");
    });
  });
});

describe("Copy link", () => {
  it("copies the address of the task with all that is shown", async () => {
    await withPage(browser, html, async ({ page }) => {
      await page.evaluate(
        "navigator.clipboard.writeText = async (text) => { window.copied = text; }",
      );
      await page.locator("#grouping").selectOption("slot");
      await inList(page, "image").click();
      await page.locator("#details").getByRole("button", { name: "Copy link" }).click();
      await page.locator("#details").getByRole("button", { name: "Copied" }).waitFor();
      const text = String(await page.evaluate("window.copied"));
      expect(text).toBe(`${page.url().replace(/#.*/, "")}#task=image&rows=slot`);
    });
  });
});

describe("A button that copies", () => {
  it("goes back to its own words, pressed again while it says what became of it", async () => {
    await withPage(browser, html, async ({ page }) => {
      await page.evaluate("navigator.clipboard.writeText = async () => {}");
      await inList(page, "image").click();
      const details = page.locator("#details");
      await details.getByRole("button", { name: "Copy link" }).click();
      await details.getByRole("button", { name: "Copied" }).click();
      await details.getByRole("button", { name: "Copied" }).waitFor();
      await details.getByRole("button", { name: "Copied" }).waitFor({ state: "detached" });
      expect(await details.getByRole("button", { name: "Copy link" }).count()).toBe(1);
    });
  });

  it("says that it cannot where the clipboard is refused, and keeps who pressed it with a key", async () => {
    await withPage(browser, html, async ({ page, complaints }) => {
      await page.evaluate(`
        navigator.clipboard.writeText = () => Promise.reject(new Error("no"));
        document.execCommand = () => false;
      `);
      await inList(page, "image").click();
      await page.locator("#details").getByRole("button", { name: "Copy link" }).focus();
      await page.keyboard.press("Enter");
      await page.locator("#details").getByRole("button", { name: "Cannot copy here" }).waitFor();
      expect(await page.evaluate("document.activeElement.textContent")).toBe("Cannot copy here");
      expect(complaints).toEqual([]);
    });
  });
});

describe("without scripts", () => {
  it("a link by name leads to the row of the task", async () => {
    await withPage(
      browser,
      html,
      async ({ page }) => {
        await page.getByRole("link", { name: "deploy eu" }).first().click();
        const row = page.locator("tr:target");
        expect(await row.textContent()).toContain("deploy eu");
      },
      { javaScriptEnabled: false },
    );
  });
});
