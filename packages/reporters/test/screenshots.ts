/**
 * Takes the pictures of `docs/html-report.md` in Chromium: `pnpm screenshots`. They are made small with a palette by
 * pngquant, which is needed for this alone.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { renderHtml } from "../src/index.ts";
import { openBrowser } from "./consumers/browser.ts";
import { withPage } from "./consumers/html-page.ts";
import { type ExampleName, exampleRun } from "./example-runs.ts";

const folder = fileURLToPath(new URL("../../../docs/images/", import.meta.url));

const TASKS: Readonly<Record<ExampleName, number>> = {
  one: 1,
  release: 30,
  nightly: 300,
  backfill: 10_000,
};

/** `task`: the page with that task chosen; `tried`: with that lever at its end. `part`: only what is in that element; `what`: its word in the file's name. */
interface Picture {
  readonly run: ExampleName;
  readonly scheme: "light" | "dark";
  readonly width: number;
  readonly task?: string;
  readonly tried?: string;
  readonly part?: string;
  readonly what?: string;
}

/** Whole pages, of every size that a reader may meet. */
const whole = (Object.keys(TASKS) as ExampleName[]).flatMap((run) =>
  ([390, 1440, 2560] as const).flatMap((width) =>
    (["light", "dark"] as const).map((scheme): Picture => ({ run, scheme, width })),
  ),
);

const pictures: readonly Picture[] = [
  ...whole,
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
  { run: "backfill", scheme: "light", width: 1920, part: "#timeline", what: "-timeline" },
];

let browser: Browser;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  browser = await openBrowser();
});

afterAll(() => browser.close());

it.each(pictures)(
  "$run in $scheme at $width pixels, $task, $tried",
  async (picture) => {
    const { run, scheme, width, task, tried, part, what = "" } = picture;
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
        if (part === undefined) await page.screenshot({ path, fullPage: true });
        else await page.locator(part).screenshot({ path });
        execFileSync("pngquant", [
          "--force",
          "--ext=.png",
          "--strip",
          "--speed=1",
          "--nofs",
          "32",
          path,
        ]);
      },
      {
        colorScheme: scheme,
        viewport: { width, height: 900 },
        ...(task !== undefined && { hash: `#task=${task}` }),
      },
    );
  },
  240_000,
);
