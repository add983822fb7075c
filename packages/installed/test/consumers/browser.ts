/**
 * A page in a real browser: Debian's Chromium and Firefox, both driven over WebDriver BiDi by Puppeteer, in a process of its
 * own. Knows no test.
 */
import { node, user } from "./user.ts";

export type BrowserName = "chromium" | "firefox";

const driver = `
  import { readFileSync } from "node:fs";
  import { launch } from "puppeteer-core";
  const [name, script] = process.argv.slice(2);
  const browser = await launch({
    browser: name === "firefox" ? "firefox" : "chrome",
    executablePath: { firefox: "/usr/bin/firefox-esr", chromium: "/usr/bin/chromium" }[name],
    protocol: "webDriverBiDi",
    args: name === "firefox" ? [] : ["--no-sandbox", "--disable-gpu"],
    timeout: 120_000,
  });
  try {
    const page = await browser.newPage();
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => complaints.push(message.text()));
    await page.evaluate(readFileSync(script, "utf8"));
    const outcomes = await page.evaluate("globalThis.outcomes");
    console.log(JSON.stringify({ outcomes, complaints, version: await browser.version() }));
  } finally {
    await browser.close();
  }
`;

export interface Page {
  readonly outcomes: Record<string, unknown>;
  /** What was written to the console, and what nobody caught. */
  readonly complaints: readonly string[];
  readonly version: string;
}

/** Runs a classic script that leaves a promise in `globalThis.outcomes`. */
export async function inBrowser(name: BrowserName, scriptFile: string): Promise<Page> {
  const app = user(`browser-${name}`, { "driver.mjs": driver });
  const { stdout } = await app.run(node("24"), ["driver.mjs", name, scriptFile], {
    env: { HOME: app.folder },
  });
  return JSON.parse(stdout) as Page;
}
