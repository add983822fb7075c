/**
 * The HTML report of 10,000 tasks in Chromium: its size, how long it takes to make, until it answers, and a frame while the
 * timeline is dragged. The aims: 1 MB, 1 s, 16 ms. Needs /usr/bin/chromium; `pnpm bench` builds first.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { renderHtml } from "@astrum/reporters";
import { chromium } from "playwright-core";

const ROUNDS = 5;
const DRAGS = 6;
const STEPS = 60;

const fixture = new URL("../test/fixtures/1.0/large.json.gz", import.meta.url);
const report = JSON.parse(gunzipSync(readFileSync(fixture)).toString("utf8"));

const makes = [];
let html = "";
for (let round = 0; round < ROUNDS; round++) {
  const started = performance.now();
  html = renderHtml(report);
  makes.push(performance.now() - started);
}
console.log(
  `${report.totalTasks} tasks, ${report.totalAttempts} attempts: ${(Buffer.byteLength(html) / 1000).toFixed(0)} kB, made in ${middle(makes).toFixed(0)} ms (median of ${ROUNDS})`,
);

const folder = mkdtempSync(join(tmpdir(), "astrum-bench-"));
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"],
});
try {
  const file = join(folder, "run.html");
  writeFileSync(file, html);
  const readies = [];
  for (let round = 0; round < ROUNDS; round++) {
    readies.push(await withPage(file, 1440, (page) => ready(page)));
  }
  console.log(
    `ready ${middle(readies).toFixed(0)} ms after the navigation began (median of ${ROUNDS}, worst ${Math.max(...readies).toFixed(0)} ms)`,
  );
  for (const [width, grouping] of [
    [1440, "slot"],
    [2560, "slot"],
    [1440, "task"],
    [1440, "map"],
  ]) {
    const { work, gaps } = await withPage(file, width, (page) => panned(page, grouping));
    console.log(
      `panning at ${width} px, rows by ${grouping}: script of a frame p50 ${at(work, 0.5)}, p95 ${at(work, 0.95)}, worst ${at(work, 1)}; between frames p50 ${at(gaps, 0.5)}, p95 ${at(gaps, 0.95)} (${work.length} frames)`,
    );
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}

async function withPage(file, width, use) {
  const page = await browser.newPage({ viewport: { width, height: 1000 } });
  try {
    // Counts what our frames cost, and how far apart the browser's frames are.
    await page.addInitScript(() => {
      const ask = window.requestAnimationFrame.bind(window);
      window.frames_ = { work: [], gaps: [], last: 0, on: false };
      window.requestAnimationFrame = (draw) =>
        ask((now) => {
          const started = performance.now();
          draw(now);
          if (window.frames_.on) window.frames_.work.push(performance.now() - started);
        });
      const tick = (now) => {
        const { frames_ } = window;
        if (frames_.on && frames_.last > 0) frames_.gaps.push(now - frames_.last);
        frames_.last = now;
        ask(tick);
      };
      ask(tick);
    });
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector("html[data-ready]");
    return await use(page);
  } finally {
    await page.close();
  }
}

async function ready(page) {
  return Number(await page.getAttribute("html", "data-ready"));
}

/** A third of the run in sight, dragged to and fro. */
async function panned(page, grouping) {
  await page.locator("#grouping").selectOption(grouping);
  const canvas = page.locator(".timeline .rows canvas");
  await canvas.scrollIntoViewIfNeeded();
  for (let closer = 0; closer < 3; closer++) {
    await page.getByRole("button", { name: "Look closer" }).click();
  }
  const { x, y, width } = await canvas.boundingBox();
  await page.evaluate(() => {
    window.frames_.on = true;
  });
  for (let drag = 0; drag < DRAGS; drag++) {
    const [from, to] = drag % 2 === 0 ? [width * 0.9, width * 0.3] : [width * 0.3, width * 0.9];
    await page.mouse.move(x + from, y + 60);
    await page.mouse.down();
    await page.mouse.move(x + to, y + 60, { steps: STEPS });
    await page.mouse.up();
  }
  return page.evaluate(() => window.frames_);
}

function middle(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function at(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)} ms`;
}
