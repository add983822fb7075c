import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { smoke } from "../smoke.ts";

/** The smoke suite, bundled for a browser, as one script that leaves its outcomes on the page. */
async function script(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { smoke } from "./smoke.ts";
        globalThis.outcomes = (async () => {
          const outcomes = {};
          for (const [name, run] of Object.entries(smoke)) {
            outcomes[name] = await run().then(() => "passed", (error) => String(error.stack ?? error));
          }
          return outcomes;
        })();`,
      loader: "js",
      resolveDir: fileURLToPath(new URL("..", import.meta.url)),
    },
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
  });
  return outputFiles[0]?.text ?? "";
}

describe("In Chromium, from a page", () => {
  let browser: Browser;
  let outcomes: Record<string, string>;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox"],
    });
    const page = await browser.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => complaints.push(message.text()));
    await page.addScriptTag({ content: await script() });
    outcomes = await page.evaluate("globalThis.outcomes");
  });

  afterAll(() => browser?.close());

  test.each(Object.keys(smoke))("%s", (name) => {
    expect(outcomes[name]).toBe("passed");
  });

  test("nothing is written to the console and nothing is unhandled", () => {
    expect(complaints).toEqual([]);
  });
});
