import { describe, expect, it } from "vitest";
import { renderDot } from "../../src/index.ts";
import { visible } from "../../src/wording/visible.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { planOf } from "../plans.ts";
import { run, withFile } from "./programs.ts";

interface Drawn {
  readonly objects?: readonly { readonly label: string }[];
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
