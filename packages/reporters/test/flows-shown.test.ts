/** What people read of flows inside of tasks: one line or one box for each, with what is in it. */
import type { SerializedReport } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { beforeAll, describe, expect, it } from "vitest";
import {
  compareReports,
  estimatesFrom,
  renderChromeTrace,
  renderDot,
  renderGithubAnnotations,
  renderJUnit,
  renderMarkdown,
  renderMermaid,
  renderOtlpJson,
  renderText,
} from "../src/index.ts";
import { graphViews } from "../src/layout/graph-view.ts";
import { Nesting } from "../src/wording/nesting.ts";
import { nestedFlow, nestedRun } from "./nested-runs.ts";

let report: SerializedReport;
let failed: SerializedReport;

beforeAll(async () => {
  report = await nestedRun();
  failed = await nestedRun({ fails: true });
});

/** The rest of the line about that task in a list of all. */
function line(text: string, name: string): string | undefined {
  const escaped = name.replace(/[[\].]/g, "\\$&");
  return new RegExp(`^ {2}\\S +[\\d.]+ m?s {2}${escaped}(?:: (.*))?$`, "m").exec(text)?.[1];
}

describe("A list of all tasks", () => {
  it("has one line for a flow, with how much is inside, how it went and what took longest", () => {
    const text = renderText(report, { tasks: true });
    expect(line(text, "us")).toBe("2 tasks inside: 2 completed; slowest us.load, 5 ms");
    expect(line(text, "crawl")).toBe("3 tasks inside: 3 completed; slowest crawl.load, 4 ms");
    expect(text).not.toMatch(/^ {2}✓ .* us\.load$/m);
  });

  it("says of a flow in which something failed what failed first, with its path and its error", () => {
    const text = renderText(failed, { tasks: true });
    expect(line(text, "eu")).toBe(
      "2 tasks inside: 1 failed, 1 skipped; failed eu.load: Error: no data; slowest eu.load, 5 ms",
    );
  });

  it("has one line for a map of flows, at any depth", () => {
    expect(line(renderText(report, { tasks: true }), "thumbs")).toBe(
      "12 tasks inside: 10 completed, 2 failed; failed thumbs[2].store: Error: disk full; slowest thumbs[2].load, 3 ms",
    );
  });

  it("has the same lines in Markdown, and says how many tasks are inside of others", () => {
    const text = renderMarkdown(report);
    expect(text).toContain("<summary>All 26 tasks, 19 of them inside of others</summary>");
    expect(text).toMatch(/\| `us` \| `2 tasks inside: 2 completed; slowest us\.load, 5 ms` \|/);
    expect(text).not.toMatch(/\| `us\.load` \| {2}\|/);
  });

  it("leaves a map of plain items as it is", () => {
    const nesting = new Nesting([
      { name: "read" },
      { name: "read[0]", parent: "read" },
      { name: "read[1]", parent: "read" },
    ]);
    expect(nesting.unfolded()).toEqual([0, 1, 2]);
  });
});

describe("Failures inside of flows", () => {
  it("come with their path and before the tasks that failed because of them", () => {
    const text = renderText(failed);
    const names = Array.from(text.matchAll(/^ {2}✗ ([^\s:]+)/gm), ([, name]) => name);
    expect(names).toEqual(["eu.load", "eu", "thumbs[2].store", "thumbs[2]"]);
  });

  it("tell their stack once: whoever failed because of them says in which task", () => {
    const text = renderText(failed);
    expect(text).toContain('SubflowError: "eu" failed in "eu.load"');
    expect(text.match(/Error: no data/g)).toHaveLength(1);
    for (const other of [renderMarkdown(failed), renderGithubAnnotations(failed)]) {
      expect(other).toMatch(/"eu" failed in "eu\.load"/);
    }
  });

  it("are in the suite of what they are inside of at the top, one for a map of flows", () => {
    const suites = Array.from(renderJUnit(failed).matchAll(/<testsuite name="([^"]+)"/g));
    expect(suites.map(([, name]) => name).sort()).toEqual([
      "site",
      "site.crawl",
      "site.eu",
      "site.thumbs",
      "site.us",
    ]);
  });
});

describe("A graph", () => {
  it("has a frame around what is inside of each flow, frames in frames", () => {
    const [view] = graphViews(report);
    const frames = view?.frames.map(({ label, boxes, frames }) => [
      label,
      boxes.length,
      frames.map((inner) => inner.label),
    ]);
    expect(frames).toEqual([
      ["us", 3, []],
      ["eu", 3, []],
      ["thumbs", 1, ["thumbs[0]", "thumbs[1]", "thumbs[2]"]],
      ["crawl", 4, []],
    ]);
  });

  it("is drawn in fewer boxes map by map, then flow by flow", () => {
    const sizes = Array.from(graphViews(report), ({ note, boxes }) => [note, boxes.length]);
    expect(sizes.slice(0, 3)).toEqual([
      [undefined, 26],
      ["one box per map", 14],
      ["one box per map or subflow", 7],
    ]);
    expect(sizes.map(([, size]) => Number(size))).toEqual(
      sizes.map(([, size]) => Number(size)).toSorted((a, b) => b - a),
    );
  });

  it("has a box with the counts of what is inside where that is folded", () => {
    expect(renderMermaid(report, { maxEdges: 18 })).toMatch(
      /n\d+\["thumbs ×13 ✓11 ✗2"\]:::s_failed/,
    );
  });

  it("of a plan has the frames of planned subflows, and no loose end", () => {
    const plan = nestedFlow(new VirtualClock()).plan();
    expect(renderDot(plan)).toMatch(/subgraph cluster_0 \{\n\s+graph \[label="us"/);
    expect(renderMermaid(plan)).toMatch(/subgraph f0\["us"\]\n\s+n\d+\n\s+n\d+\n\s+n\d+\n {2}end/);
    expect(plan.tasks.find(({ name }) => name === "us.load")).toMatchObject({ parent: "us" });
  });
});

describe("A plan as text", () => {
  it("says which tasks are subflows, and how many tasks these are", () => {
    const plan = nestedFlow(new VirtualClock()).plan();
    expect(plan.explain()).toContain("  us (subflow of 2 tasks) ← us.rank");
    expect(renderText(plan)).toContain("  us (subflow of 2 tasks)  ←  us.rank");
    expect(renderText(plan)).toContain("  page  ←");
  });
});

describe("What a next run is told", () => {
  it("is how long a task that became a flow took as a whole; of a planned one its tasks", () => {
    const estimates = estimatesFrom(report);
    expect({ ...estimates }).toMatchObject({ crawl: 6, thumbs: 12, "us.load": 5, "us.rank": 3 });
    expect(Object.keys(estimates)).not.toContain("us");
    expect(Object.keys(estimates).filter((name) => /^(?:thumbs|crawl)./.test(name))).toEqual([]);
  });

  it("is compared flow by flow, and task by task inside of them", () => {
    const later = structuredClone(report);
    for (const one of later.taskStatistics) {
      if (one.taskName === "crawl") one.durationMs += 50;
      const [attempt] = one.attemptStatistics;
      if (one.taskName === "crawl.load" && attempt !== undefined) attempt.durationMs += 50;
    }
    const { slower } = compareReports(report, later);
    expect(slower.map(({ task }) => task).sort()).toEqual(["crawl", "crawl.load"]);
  });
});

describe("A trace", () => {
  it("has spans with few names: paths without indices, under the span of what they are inside of", () => {
    const { resourceSpans } = JSON.parse(renderOtlpJson(report)) as {
      resourceSpans: [
        { scopeSpans: [{ spans: { name: string; spanId: string; parentSpanId?: string }[] }] },
      ];
    };
    const { spans } = resourceSpans[0].scopeSpans[0];
    const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
    const under = spans
      .filter(({ name }) => name.startsWith("thumbs"))
      .map(({ name, parentSpanId = "" }) => `${name} in ${names.get(parentSpanId)}`);
    expect(Array.from(new Set(under)).sort()).toEqual([
      "thumbs in run site",
      "thumbs[] in thumbs",
      "thumbs[].load in thumbs[]",
      "thumbs[].resize in thumbs[]",
      "thumbs[].store in thumbs[]",
    ]);
  });

  it("of Chrome has a span over all of a flow", () => {
    const { traceEvents } = JSON.parse(renderChromeTrace(report)) as {
      traceEvents: { ph: string; cat?: string; name: string; ts: number }[];
    };
    const crawl = traceEvents.filter(({ cat, name }) => cat === "subflow" && name === "crawl");
    expect(crawl.map(({ ph, ts }) => [ph, ts])).toEqual([
      ["b", 8000],
      ["e", 14_000],
    ]);
  });
});

describe("A report from elsewhere", () => {
  it("may hold tasks that are inside of each other, or of nobody: they are at the top", () => {
    const nesting = new Nesting([
      { name: "a", parent: "b", role: "subflow" },
      { name: "b", parent: "a", role: "subflow" },
      { name: "c", parent: "c" },
      { name: "d", parent: "gone" },
    ]);
    expect([0, 1, 2, 3].map((place) => nesting.parentOf(place))).toEqual([1, -1, -1, -1]);
    expect(nesting.unfolded()).toEqual([1, 2, 3]);
    expect(nesting.insideOf(1)).toEqual([0]);
  });

  it("may be as deep as it likes", () => {
    const deep = Array.from({ length: 50_000 }, (_, at) => ({
      name: `t${at}`,
      ...(at === 0 ? {} : { parent: `t${at - 1}` }),
    }));
    const nesting = new Nesting(deep);
    expect(nesting.insideOf(0)).toHaveLength(49_999);
    expect(nesting.around(49_999)).toHaveLength(512);
    expect(nesting.outermostOf(49_999)).toBe(0);
  });
});
