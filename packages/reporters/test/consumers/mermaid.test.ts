import { createRequire } from "node:module";
import { VirtualClock } from "@astrum/core/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderMermaid } from "../../src/index.ts";
import { type GraphFrame, graphViews } from "../../src/layout/graph-view.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { mapOfFlows, nestedFlow, nestedRun } from "../nested-runs.ts";
import { planOf } from "../plans.ts";
import { openBrowser } from "./browser.ts";

const require = createRequire(import.meta.url);

const library = require.resolve("mermaid/dist/mermaid.min.js");

interface Drawn {
  readonly labels: string[];
  readonly arrows: number;
  readonly bars: number;
  readonly barLabels: string[];
  readonly text: string;
  readonly foreign: string[];
}

describe("Mermaid in Chromium", () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1600, height: 1200 } });
    page.on("dialog", (dialog) => void dialog.dismiss().then(() => complaints.push("dialog")));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.setContent("<!doctype html><div id=stage></div>");
    await page.addScriptTag({ path: library });
    await page.evaluate("mermaid.initialize({ startOnLoad: false, securityLevel: 'loose' })");
  });

  afterAll(() => browser.close());

  async function draw(diagram: string): Promise<Drawn> {
    return (await page.evaluate(`(async () => {
      const diagram = ${JSON.stringify(diagram)};
      await mermaid.parse(diagram);
      const { svg } = await mermaid.render("drawn", diagram);
      const stage = document.getElementById("stage");
      stage.innerHTML = svg;
      const texts = (selector) => Array.from(stage.querySelectorAll(selector), (one) => one.textContent);
      return {
        labels: texts("g.node .nodeLabel"),
        arrows: stage.querySelectorAll("path.flowchart-link").length,
        bars: stage.querySelectorAll("rect.task").length,
        barLabels: texts("text.taskText, text.taskTextOutsideRight, text.taskTextOutsideLeft"),
        text: stage.textContent,
        foreign: Array.from(stage.querySelectorAll("script, img, a, iframe, [onerror], [onload]"), (one) => one.outerHTML),
      };
    })()`)) as Drawn;
  }

  it.each(fixtureNames)(
    "draws the graph of the fixture %s with every box and arrow",
    async (name) => {
      const diagram = renderMermaid(fixture(name));
      const drawn = await draw(diagram);
      expect(drawn.text).not.toMatch(
        /Maximum text size|Syntax error|Edge limit|Unsupported markdown/,
      );
      expect(drawn.labels).toHaveLength(
        diagram.match(/^ {2}(?:n\d+|note|empty)\["/gm)?.length ?? 0,
      );
      expect(drawn.arrows).toBe(diagram.match(/^ {2}n\d+ -\S+ n\d+$/gm)?.length ?? 0);
      expect(drawn.foreign).toEqual([]);
      expect(complaints).toEqual([]);
    },
    60_000,
  );

  it("draws in a timeline what is inside of a task in a section of its own, and folds it when it is much", async () => {
    const few = await draw(renderMermaid(await nestedRun({ fails: true }), { kind: "gantt" }));
    expect(few.text).toContain("inside of thumbs");
    expect(few.text).toContain("thumbs[2].store ✗");
    const much = await draw(renderMermaid(await mapOfFlows(300), { kind: "gantt" }));
    expect(much.barLabels.map((label) => label.trim())).toEqual(["photos ✓", "thumbs ×1200 ✓"]);
    expect(complaints).toEqual([]);
  });

  it.each(fixtureNames)(
    "draws the timeline of the fixture %s with every bar",
    async (name) => {
      const diagram = renderMermaid(fixture(name), { kind: "gantt" });
      const drawn = await draw(diagram);
      expect(drawn.text).not.toMatch(/Maximum text size|Syntax error/);
      expect(drawn.bars).toBe(diagram.match(/ :(?:\w+, )?\d+, \d+$/gm)?.length);
      expect(drawn.foreign).toEqual([]);
      expect(complaints).toEqual([]);
    },
    60_000,
  );

  it.each(["empty", "one", "cancelled", "interrupted", "mixed", "hostile", "large"] as const)(
    "draws the plan of the fixture %s with every box and arrow",
    async (name) => {
      const diagram = renderMermaid(planOf(fixture(name)));
      const drawn = await draw(diagram);
      expect(drawn.text).not.toMatch(
        /Maximum text size|Syntax error|Edge limit|Unsupported markdown/,
      );
      expect(drawn.labels).toHaveLength(
        diagram.match(/^ {2}(?:n\d+|note|empty)\["/gm)?.length ?? 0,
      );
      expect(drawn.arrows).toBe(diagram.match(/^ {2}n\d+ -\S+ n\d+$/gm)?.length ?? 0);
      expect(drawn.foreign).toEqual([]);
      expect(complaints).toEqual([]);
    },
    60_000,
  );

  it.each([
    ["report", async () => nestedRun()],
    ["plan", async () => nestedFlow(new VirtualClock()).plan()],
  ] as const)(
    "draws the flows inside of tasks of a %s in frames, each around its boxes",
    async (_, subject) => {
      const shown = await subject();
      const diagram = renderMermaid(shown);
      const { labels, arrows, text } = await draw(diagram);
      expect(text).not.toMatch(/Maximum text size|Syntax error|Edge limit|Unsupported markdown/);
      const [view] = graphViews(shown);
      expect(labels).toEqual(view?.boxes.map(({ label }) => label));
      expect(arrows).toBe(view?.arrows.length);
      const frames = (await page.evaluate(`(() => {
        const box = (one) => one.getBoundingClientRect();
        const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
        const nodes = Array.from(document.querySelectorAll("g.node"));
        return Array.from(document.querySelectorAll("g.cluster"), (one) => [
          one.querySelector(".cluster-label").textContent.trim(),
          nodes.filter((node) => inside(box(node), box(one.querySelector("rect")))).length,
        ]);
      })()`)) as [string, number][];
      expect(frames.sort()).toEqual(flat(view?.frames ?? []).sort());
      expect(complaints).toEqual([]);
    },
    60_000,
  );

  it("draws what is too many for it with one box for each flow", async () => {
    const diagram = renderMermaid(await mapOfFlows(300));
    const { labels, text } = await draw(diagram);
    expect(text).not.toMatch(/Maximum text size|Syntax error|Edge limit/);
    expect(labels).toContainEqual("thumbs ×1201 ✓1201");
  }, 60_000);

  it("shows hostile names as they are", async () => {
    const report = fixture("hostile");
    const few = { ...report, taskStatistics: report.taskStatistics.slice(0, 120) };
    const [view] = graphViews(few);
    const { labels } = await draw(renderMermaid(few));
    expect(labels.map(collapsed)).toEqual(
      view?.boxes.map(({ label }) => collapsed(shortened(label))),
    );
  });

  it("shows hostile names in a timeline as they are", async () => {
    const report = fixture("hostile");
    const ran = report.taskStatistics.filter(({ startAt }) => startAt !== null).slice(0, 120);
    const { barLabels, text } = await draw(
      renderMermaid({ ...report, taskStatistics: ran }, { kind: "gantt" }),
    );
    expect(barLabels).toHaveLength(ran.length);
    const shown = barLabels.map(collapsed);
    const [view] = graphViews({ ...report, taskStatistics: ran });
    for (const { label } of view?.boxes ?? []) {
      const name = collapsed(label.replace(/ \S+ \S+ m?s$/, ""));
      expect(
        shown.some((one) => one.startsWith(name.slice(0, 100))),
        `${name} in ${text.slice(0, 200)}`,
      ).toBe(true);
    }
  });

  it("would not draw one arrow more than the limit", async () => {
    const lines = Array.from({ length: 501 }, (_, index) => `  n${index} --> n${index + 1}`);
    await expect(draw(`flowchart LR\n${lines.join("\n")}\n`)).rejects.toThrow(/Edge limit/);
  });

  it("draws a graph that is just above the limit in fewer boxes", async () => {
    const report = fixture("mixed");
    const arrows = renderMermaid(report).match(/^ {2}n\d+ -\S+ n\d+$/gm)?.length ?? 0;
    const diagram = renderMermaid(report, { maxEdges: arrows - 1 });
    expect(diagram.match(/^ {2}n\d+ -\S+ n\d+$/gm)?.length ?? 0).toBeLessThan(arrows);
    expect(diagram).toContain('note["');
    expect((await draw(diagram)).text).not.toMatch(/Syntax error/);
  });
});

/** Each frame with the number of boxes in it, at any depth. */
function flat(frames: readonly GraphFrame[]): [string, number][] {
  return frames.flatMap((frame): [string, number][] => {
    const inner = flat(frame.frames);
    const direct = frame.frames.map(
      ({ label }) => inner.find(([name]) => name === label)?.[1] ?? 0,
    );
    return [[frame.label, frame.boxes.length + direct.reduce((a, b) => a + b, 0)], ...inner];
  });
}

/** HTML joins spaces. */
function collapsed(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function shortened(label: string): string {
  const points = Array.from(label);
  return points.length <= 120 ? label : `${points.slice(0, 119).join("")}…`;
}
