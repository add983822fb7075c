/**
 * Takes the pictures of `docs/html-report.md` in Chromium: `pnpm screenshots`. They are made small with a palette by
 * pngquant, which is needed for this alone.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { renderHtml } from "../src/index.ts";
import { openBrowser } from "./consumers/browser.ts";
import { withPage } from "./consumers/html-page.ts";
import { type ExampleName, exampleRun } from "./example-runs.ts";

const folder = fileURLToPath(new URL("../../../docs/images/", import.meta.url));

/** Of a picture, in bytes: the repository keeps every version of it. */
const LARGEST = 200_000;

const TASKS: Readonly<Record<ExampleName, number>> = {
  one: 1,
  release: 30,
  nightly: 300,
  backfill: 10_000,
};

/**
 * `task`: the page with that task chosen; `tried`: with that lever at its end. `height`: what is seen first in a window of so
 * many pixels, not the whole page; `part`: only what is in that element. `what`: its word in the file's name.
 */
interface Picture {
  readonly run: ExampleName;
  readonly scheme: "light" | "dark";
  readonly width: number;
  readonly height?: number;
  readonly task?: string;
  readonly tried?: string;
  readonly part?: string;
  readonly what?: string;
}

/** Of a phone, a laptop and a wide screen. */
const SCREENS = [
  [390, 844],
  [1440, 900],
  [2560, 1440],
] as const;

/** What is seen first of every size of run on every screen. */
const screens: readonly Picture[] = (Object.keys(TASKS) as ExampleName[]).flatMap((run) =>
  SCREENS.flatMap(([width, height]) =>
    (["light", "dark"] as const).map((scheme): Picture => ({ run, scheme, width, height })),
  ),
);

const parts: readonly Picture[] = [
  { run: "release", scheme: "light", width: 1440, what: "-whole" },
  {
    run: "release",
    scheme: "light",
    width: 1280,
    tried: "browsers",
    part: "#what-if",
    what: "-what-if",
  },
  { run: "release", scheme: "light", width: 1440, part: ".graph", what: "-graph" },
  {
    run: "nightly",
    scheme: "light",
    width: 1280,
    task: "load west",
    part: "#timeline",
    what: "-chosen",
  },
  {
    run: "backfill",
    scheme: "light",
    width: 1920,
    part: ".timeline",
    what: "-timeline",
  },
];

let browser: Browser;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  browser = await openBrowser();
});

afterAll(() => browser.close());

it.each([...screens, ...parts])(
  "$run in $scheme at $width pixels, $task, $tried",
  async (picture) => {
    const { run, scheme, width, height, task, tried, part, what = "" } = picture;
    const report = await exampleRun(run);
    expect(report.totalTasks).toBe(TASKS[run]);
    const place = report.taskStatistics.findIndex(({ taskName }) => taskName === task);
    expect(place >= 0).toBe(task !== undefined);
    const name = `html-${TASKS[run]}-${scheme}-${width}${what}.png`;
    await withPage(
      browser,
      renderHtml(report),
      async ({ page }) => {
        const path = `${folder}${name}`;
        if (tried !== undefined) {
          await page.getByRole("slider", { name: tried }).focus();
          await page.keyboard.press("End");
          await page.locator(".bar.what-if").waitFor();
        }
        // The panel "What if" has its first answer.
        await page.waitForSelector(".answer:empty", { state: "detached" });
        if (part === undefined) await page.screenshot({ path, fullPage: height === undefined });
        else await page.locator(part).screenshot({ path });
        execFileSync("pngquant", [
          "--force",
          "--ext=.png",
          "--strip",
          "--speed=1",
          "--nofs",
          "48",
          path,
        ]);
        expect(statSync(path).size).toBeLessThan(LARGEST);
      },
      {
        colorScheme: scheme,
        viewport: { width, height: height ?? 900 },
        ...(task !== undefined && { hash: `#task=${task}` }),
      },
    );
  },
  240_000,
);
