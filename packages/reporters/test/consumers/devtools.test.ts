import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderChromeTrace } from "../../src/index.ts";
import { type FixtureName, fixture, fixtureNames } from "../fixtures.ts";
import type { TraceEvent } from "../trace-rules.ts";
import { openBrowser } from "./browser.ts";

const TOOLS = "devtools://devtools/bundled/devtools_app.html?panel=timeline";

/**
 * The flame chart is a canvas; what it says to a screen reader is in the page. DevTools forbids `eval` to its page, and
 * Playwright's `waitForFunction` needs it at every look after the first: so the page itself waits, and is asked once.
 */
const HEAR = `(() => {
  let heard = [];
  let told = () => {};
  window.forgetWhatWasHeard = () => { heard = []; };
  window.whatIsHeard = (patienceMs) => new Promise((resolve) => {
    const end = () => resolve(heard.at(-1) ?? null);
    if (heard.length > 0) return end();
    told = end;
    setTimeout(end, patienceMs);
  });
  const listen = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot !== null) listen(element.shadowRoot);
      if (element.getAttribute("role") !== "alert") continue;
      new MutationObserver(() => {
        if (element.textContent === "") return;
        heard.push(element.textContent);
        told();
      }).observe(element, { childList: true, characterData: true, subtree: true });
    }
  };
  listen(document);
})()`;

interface Lane {
  readonly name: string;
  readonly slices: readonly TraceEvent[];
}

function events(text: string): TraceEvent[] {
  return (JSON.parse(text) as { traceEvents: TraceEvent[] }).traceEvents;
}

/** Slices on the lowest level of each track, in order of time. */
function lanesOf(all: readonly TraceEvent[]): Lane[] {
  return all
    .filter(({ ph, name }) => ph === "M" && name === "thread_name")
    .map(({ tid, args }) => ({
      name: `${args?.name} (${tid})`,
      slices: all
        .filter((slice) => slice.ph === "X" && slice.tid === tid && slice.cat !== "attempt")
        .sort((a, b) => a.ts - b.ts),
    }))
    .filter(({ slices }) => slices.length > 0);
}

function nameIn(said: string | undefined): string | undefined {
  return /^(?:Selected a|Event) ([\s\S]*) (?:event within [\s\S]*|selected)$/.exec(said ?? "")?.[1];
}

describe("the Performance panel of Chromium's DevTools", () => {
  const folder = mkdtempSync(join(tmpdir(), "astrum-devtools-"));
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A panel of its own for every trace, with the file chosen as a person would. */
  async function load(text: string): Promise<void> {
    await page?.close();
    faults.length = 0;
    page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("dialog", (dialog) => void dialog.dismiss().then(() => faults.push("dialog")));
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    await page.goto(TOOLS);
    const file = join(folder, "run.trace.json");
    writeFileSync(file, text);
    await page.locator("input[type=file]").first().setInputFiles(file);
  }

  async function open(name: FixtureName): Promise<TraceEvent[]> {
    const text = renderChromeTrace(fixture(name));
    await load(text);
    await page.getByRole("tree", { name: "Flame chart" }).waitFor();
    // The panel shows its shortcuts over the first trace, and takes the focus for that when it is ready to.
    const shortcuts = page.locator("devtools-shortcut-dialog dialog");
    await shortcuts.getByRole("button", { name: "Close" }).click();
    await shortcuts.waitFor({ state: "hidden" });
    await page.evaluate(HEAR);
    await page.getByRole("tree", { name: "Flame chart" }).focus();
    return events(text);
  }

  /** Presses a key and returns what is said then; undefined when nothing is. */
  async function press(key: string, patienceMs = 1000): Promise<string | undefined> {
    await page.evaluate("forgetWhatWasHeard()");
    await page.keyboard.press(key);
    return ((await page.evaluate(`whatIsHeard(${patienceMs})`)) as string | null) ?? undefined;
  }

  /** The names of the slices on the way, until there is no further. */
  async function walk(key: string): Promise<(string | undefined)[]> {
    const names: (string | undefined)[] = [];
    for (let said = await press(key, 300); said !== undefined; said = await press(key, 300))
      names.push(nameIn(said));
    return names;
  }

  it.each(fixtureNames)(
    "shows the fixture %s: the flow, and a track for every slot that was used",
    async (name) => {
      const all = await open(name);
      const flow = fixture(name).run.flow ?? fixture(name).run.id;
      expect(await press("ArrowDown")).toBe(`${flow} (1) selected`);
      const tracks: string[] = [];
      for (
        let said = await press("ArrowRight");
        said !== undefined;
        said = await press("ArrowDown")
      )
        tracks.push(said);
      expect(tracks.sort()).toEqual(
        lanesOf(all)
          .map((lane) => `${lane.name} selected`)
          .sort(),
      );
      expect(faults).toEqual([]);
    },
    120_000,
  );

  it.each(["mixed", "hostile"] as const)(
    "says the name of every task of the fixture %s, track by track and in the order of time",
    async (name) => {
      const lanes = new Map(lanesOf(await open(name)).map((lane) => [lane.name, lane]));
      await press("ArrowDown");
      let track = await press("ArrowRight");
      while (track !== undefined && lanes.size > 1) {
        const lane = lanes.get(track.replace(/ selected$/, ""));
        if (lane === undefined) throw new Error(`an unknown track: ${track}`);
        const entered = await press("Enter");
        expect(entered).toMatch(/^Selected a [\s\S]* event within slot \d\d /);
        // It enters a track at the first slice that is wide enough to see.
        const [first = nameIn(entered)] = (await walk("ArrowLeft")).reverse();
        expect([first, ...(await walk("ArrowRight"))]).toEqual(
          lane.slices.map((slice) => slice.name),
        );
        lanes.delete(lane.name);
        track = await press("ArrowDown");
      }
      // The panel puts the track of the run last.
      expect(Array.from(lanes.keys())).toEqual(["run (1)"]);
      expect(faults).toEqual([]);
    },
    240_000,
  );

  it("finds a task and says what became of it", async () => {
    await open("mixed");
    await page.keyboard.press("Control+f");
    const box = page.getByRole("searchbox", { name: "Find" });
    await box.fill("cannot parse <config>");
    const tools = page.locator("body");
    // The first match is the run, whose details list every failure.
    for (let tries = 0; tries < 10; tries++) {
      await page.keyboard.press("Enter");
      if ((await tools.ariaSnapshot()).includes("alert: Event broken selected")) break;
    }
    await page.getByText('"status": "failed"').first().waitFor();
    expect(await tools.ariaSnapshot()).toMatch(
      /broken Duration 18\.00 ms .*Error: cannot parse <config> &/,
    );
    expect(faults).toEqual([]);
  });

  it("is not pleased by everything: a file that is no trace is told", async () => {
    await load('{"traceEvents":[');
    await expect.poll(() => faults).toEqual(["SyntaxError: Unexpected end of JSON input"]);
    expect(await page.getByRole("tree", { name: "Flame chart" }).isVisible()).toBe(false);
  });

  it("fails on the name of an event of its own, which is why such names stand in quotes", async () => {
    await load(renderChromeTrace(fixture("one")).replaceAll('"only"', '"ParseHTML"'));
    await expect.poll(() => faults.join()).toMatch(/Cannot read properties of undefined/);
  });
});
