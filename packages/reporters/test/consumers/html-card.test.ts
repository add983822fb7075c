/** "Copy as picture": what the clipboard and the disk get is a real PNG of the run, made under the page's own policy. */
import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderCard, renderHtml } from "../../src/index.ts";
import { type FixtureName, fixture } from "../fixtures.ts";
import { openBrowser } from "./browser.ts";
import { withPage } from "./html-page.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(() => browser.close());

const BUTTON = { name: "Copy as picture" };
/** Of the bar at the left edge, by how the run ended. */
const EDGE = { failed: [196, 53, 43], completed: [63, 138, 89] } as const;

interface Pixels {
  readonly size: readonly number[];
  readonly edge: readonly number[];
  readonly different: number;
}

/** Of a PNG at an address: how large, its left edge, and how many of some of its pixels are not its ground. */
const READ = `async (blob) => {
  const bitmap = await createImageBitmap(blob);
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const pen = canvas.getContext("2d");
  pen.drawImage(bitmap, 0, 0);
  const { data } = pen.getImageData(0, 0, bitmap.width, bitmap.height);
  let different = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at] < 250 || data[at + 1] < 250) different++;
  return { size: [bitmap.width, bitmap.height], edge: Array.from(data.slice(0, 3)), different };
}`;

describe("the picture of a run", () => {
  it.each([
    ["mixed", "failed"],
    ["hostile", "failed"],
    ["one", "completed"],
  ] as const)("of %s goes to the clipboard as a PNG of 1200 by 630", async (name, state) => {
    await withPage(
      browser,
      renderHtml(fixture(name as FixtureName)),
      async ({ page, requests, complaints }) => {
        await page.getByRole("button", BUTTON).click();
        await page.getByRole("button", { name: "Copied" }).waitFor();
        const seen = (await page.evaluate(
          `(async () => {
            const [item] = await navigator.clipboard.read();
            return (${READ})(await item.getType("image/png"));
          })()`,
        )) as Pixels;
        expect(seen.size).toEqual([1200, 630]);
        expect(seen.edge).toEqual(EDGE[state]);
        expect(seen.different).toBeGreaterThan(16 * 630 + 5000);
        expect(requests).toHaveLength(1);
        expect(complaints).toEqual([]);
        await page.getByRole("button", BUTTON).waitFor();
      },
      { permissions: ["clipboard-read", "clipboard-write"] },
    );
  });

  it("is saved where the clipboard takes no pictures, and the button says so", async () => {
    await withPage(browser, renderHtml(fixture("mixed")), async ({ page, complaints }) => {
      await page.evaluate("delete window.ClipboardItem; window.ClipboardItem = undefined;");
      const coming = page.waitForEvent("download");
      await page.getByRole("button", BUTTON).click();
      const download = await coming;
      expect(download.suggestedFilename()).toBe("run.png");
      const bytes = readFileSync(await download.path());
      expect(bytes.subarray(1, 4).toString()).toBe("PNG");
      expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1200, 630]);
      await page.getByRole("button", { name: "Saved as run.png" }).waitFor();
      expect(complaints).toEqual([]);
    });
  });

  it("is offered by no page without its script", async () => {
    await withPage(
      browser,
      renderHtml(fixture("mixed")),
      async ({ page }) => {
        expect(await page.getByRole("button", BUTTON).isVisible()).toBe(false);
      },
      { javaScriptEnabled: false },
    );
  });

  it("holds no secret that the page does not show", () => {
    const card = renderCard(fixture("mixed"), { redact: [/nightly/, /parse/] });
    expect(card).not.toMatch(/nightly|parse/);
    const html = renderHtml(fixture("mixed"), { redact: [/nightly/, /parse/] });
    expect(html.slice(html.indexOf('id="card"')).split("</script>")[0]).not.toMatch(
      /nightly|parse/,
    );
  });
});
