/**
 * The report or the plan in Graphviz' DOT language (graphviz.org/doc/info/lang.html). Names appear as quoted labels only,
 * never as identifiers or HTML labels. Layout time grows steeply (2,000 boxes take `dot` seconds, 10,000 minutes), so large
 * graphs are drawn in fewer boxes.
 */
import type { Plan, TaskStatus } from "@astrum/core";
import { amount, checkOptions, oneOf, type Rules } from "astrum-options";
import { type GraphFrame, type GraphView, graphViews, isPlan } from "../layout/graph-view.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { visible } from "../wording/visible.ts";

export interface DotOptions {
  /** Default `LR`, left to right. */
  readonly direction?: "LR" | "TB" | undefined;
  /** Boxes before the graph is drawn in fewer. Default 500; `Infinity` for every task. */
  readonly maxNodes?: number | undefined;
  /** Arrows before the graph is drawn in fewer boxes. Default 1,500; `Infinity` for every dependency. */
  readonly maxEdges?: number | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<DotOptions> = {
  direction: oneOf("LR", "TB"),
  maxNodes: amount("a number of boxes", 0, Infinity),
  maxEdges: amount("a number of arrows", 0, Infinity),
  redact: redactRule,
};

/** A report or a plan as a graph in the language of Graphviz: what is too large is drawn in fewer boxes. */
export function renderDot(subject: AnyReport | Plan, options: DotOptions = {}): string {
  checkOptions("renderDot", options, RULES);
  const { maxNodes = 500, maxEdges = 1500, direction = "LR" } = options;
  const shown = isPlan(subject) ? subject : redacted(subject, options.redact);
  let text = "";
  for (const view of graphViews(shown)) {
    text = digraph(view, direction);
    if (view.boxes.length <= maxNodes && view.arrows.length <= maxEdges) break;
  }
  return text;
}

const COLOURS: Readonly<Record<TaskStatus, string>> = {
  completed: 'fillcolor="#d9f2e0",color="#2e7d4f"',
  restored: 'fillcolor="#dbe9fb",color="#2b62ad"',
  failed: 'fillcolor="#fbdad9",color="#b3261e"',
  abandoned: 'fillcolor="#f3d6ee",color="#8e2a7c"',
  cancelled: 'fillcolor="#fbe9cf",color="#a5671a"',
  skipped: 'fillcolor="#eceff1",color="#78868e",style="rounded,filled,dashed"',
  detached: 'fillcolor="#e5e3f7",color="#5b52a8"',
};

function digraph(view: GraphView, direction: string): string {
  const note = view.note === undefined ? "" : ` (${view.note})`;
  const lines = [
    `digraph ${quoted(view.title)} {`,
    `  graph [rankdir=${direction},label=${quoted(`${view.title}${note}`)},fontname="Helvetica"]`,
    '  node [shape=box,style="rounded,filled",fillcolor="#ffffff",fontname="Helvetica"]',
  ];
  view.boxes.forEach(({ label, status, critical }, index) => {
    const attributes = [`label=${quoted(label)}`];
    if (status !== undefined) attributes.push(COLOURS[status]);
    if (critical) attributes.push("penwidth=3");
    lines.push(`  n${index} [${attributes.join(",")}]`);
  });
  let framed = 0;
  const frame = ({ label, boxes, frames }: GraphFrame, indent: string): void => {
    // Graphviz draws a subgraph with a frame when its name begins so.
    lines.push(`${indent}subgraph cluster_${framed++} {`);
    lines.push(`${indent}  graph [label=${quoted(label)},style="rounded",color="#78868e"]`);
    if (boxes.length > 0) lines.push(`${indent}  ${boxes.map((box) => `n${box};`).join(" ")}`);
    for (const inner of frames) frame(inner, `${indent}  `);
    lines.push(`${indent}}`);
  };
  for (const one of view.frames) frame(one, "  ");
  for (const { from, to, dashed, critical } of view.arrows) {
    const attributes = [...(dashed ? ["style=dashed"] : []), ...(critical ? ["penwidth=3"] : [])];
    lines.push(
      `  n${from} -> n${to}${attributes.length === 0 ? "" : ` [${attributes.join(",")}]`}`,
    );
  }
  lines.push("}");
  return `${lines.join("\n")}\n`;
}

/** Graphviz reads backslash escapes and HTML entities inside a quoted string. */
function quoted(text: string): string {
  const safe = visible(text).replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/&/g, "&amp;");
  return `"${safe}"`;
}
