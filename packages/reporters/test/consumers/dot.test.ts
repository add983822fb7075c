import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import { renderDot } from "../../src/index.ts";
import { type GraphFrame, graphViews } from "../../src/layout/graph-view.ts";
import { visible } from "../../src/wording/visible.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { nestedFlow, nestedRun } from "../nested-runs.ts";
import { planOf } from "../plans.ts";
import { run, withFile } from "./programs.ts";

interface Drawn {
  readonly objects?: readonly {
    readonly name: string;
    readonly label: string;
    /** Of a cluster: its nodes, and those of clusters in it. */
    readonly nodes?: readonly number[];
  }[];
  readonly edges?: readonly object[];
}

function draw(dot: string): { drawn: Drawn; stderr: string; svg: string } {
  const json = run("dot", ["-Tjson0"], dot);
  const svg = run("dot", ["-Tsvg"], dot);
  expect(json.code).toBe(0);
  expect(svg.code).toBe(0);
  return {
    drawn: JSON.parse(json.stdout) as Drawn,
    stderr: json.stderr + svg.stderr,
    svg: svg.stdout,
  };
}

describe.each(fixtureNames)("the fixture %s as DOT", (name) => {
  it("is drawn by Graphviz without a word, as well-formed SVG", () => {
    const { stderr, svg } = draw(renderDot(fixture(name)));
    expect(stderr).toBe("");
    expect(withFile(svg, (file) => run("xmllint", ["--noout", file])).code).toBe(0);
  });
});

describe.each(["empty", "one", "cancelled", "interrupted", "mixed", "hostile", "large"] as const)(
  "the plan of the fixture %s as DOT",
  (name) => {
    it("is drawn by Graphviz without a word, with every box and arrow of the text", () => {
      const dot = renderDot(planOf(fixture(name)));
      const { drawn, stderr } = draw(dot);
      expect(stderr).toBe("");
      expect(drawn.objects?.length ?? 0).toBe(dot.match(/^ {2}n\d+ \[/gm)?.length ?? 0);
      expect(drawn.edges?.length ?? 0).toBe(dot.match(/^ {2}n\d+ -> n\d+/gm)?.length ?? 0);
    });
  },
);

describe.each([
  ["report", async () => nestedRun()],
  ["plan", async () => nestedFlow(new VirtualClock()).plan()],
] as const)("flows inside of tasks of a %s as DOT", (_, subject) => {
  it("are drawn by Graphviz as clusters, without a word, each with its boxes and clusters", async () => {
    const shown = await subject();
    const { drawn, stderr } = draw(renderDot(shown));
    expect(stderr).toBe("");
    const clusters = (drawn.objects ?? []).filter(({ name }) => name.startsWith("cluster_"));
    const [view] = graphViews(shown);
    expect(clusters.map(({ label, nodes }) => [label, nodes?.length]).sort()).toEqual(
      flat(view?.frames ?? []).sort(),
    );
    expect(drawn.objects).toHaveLength((view?.boxes.length ?? 0) + clusters.length);
    expect(drawn.edges).toHaveLength(view?.arrows.length ?? 0);
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

describe("every task of a graph with hostile names", () => {
  const report = fixture("hostile");

  it("has a box with its name and every dependency an arrow", () => {
    const { drawn } = draw(
      renderDot(report, { maxNodes: Number.POSITIVE_INFINITY, maxEdges: Number.POSITIVE_INFINITY }),
    );
    const labels = (drawn.objects ?? []).map(({ label }) => label);
    expect(labels).toHaveLength(report.totalTasks);
    report.taskStatistics.forEach(({ taskName }, index) => {
      const shown = visible(taskName);
      // Graphviz keeps entities in its JSON; an SVG viewer decodes them.
      const label = (labels[index] ?? "").replace(/&amp;/g, "&").replace(/\\\\/g, "\\");
      expect(
        label.startsWith(shown.trim() === "" ? `"${shown}"` : shown),
        `${label} for ${shown}`,
      ).toBe(true);
    });
    const arrows = report.taskStatistics.reduce(
      (sum, { dependencies }) => sum + new Set(dependencies.map(({ task }) => task)).size,
      0,
    );
    expect(drawn.edges).toHaveLength(arrows);
  });

  it("shows the names in the picture as they are", () => {
    const { svg } = draw(
      renderDot(report, { maxNodes: Number.POSITIVE_INFINITY, maxEdges: Number.POSITIVE_INFINITY }),
    );
    const read = `
import json, sys, xml.etree.ElementTree as tree
texts = ["".join(text.itertext()) for text in tree.parse(sys.argv[1]).getroot().iter("{http://www.w3.org/2000/svg}text")]
print(json.dumps(texts))
`;
    const { stdout } = withFile(svg, (file) => run("python3", ["-c", read, file]));
    const texts = (JSON.parse(stdout) as string[]).map(plain);
    for (const { taskName } of report.taskStatistics) {
      const shown = plain(visible(taskName));
      expect(
        texts.some((text) => text.startsWith(shown) || text.startsWith(`"${shown}`)),
        shown,
      ).toBe(true);
    }
  });
});

/** Graphviz writes spaces as no-break spaces where they would collapse. */
function plain(text: string): string {
  return text.replace(/\u00a0/g, " ").trim();
}
