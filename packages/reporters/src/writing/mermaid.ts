/**
 * The report or the plan as a Mermaid diagram (mermaid.js.org), for Markdown that renders it.
 * What is inside of a task stands in a subgraph. Mermaid refuses more than 500 arrows and 50,000 characters; what is larger is drawn in fewer boxes, never cut off.
 * Task names appear as quoted labels only, never as identifiers, and every character with a meaning is an entity.
 */

import type { Plan, SerializedReport, TaskStatistics, TaskStatus } from "@astrum/core";
import { amount, checkOptions, oneOf, type Rules } from "astrum-options";
import { type GraphFrame, type GraphView, graphViews, isPlan } from "../layout/graph-view.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { labelOf } from "../wording/label.ts";
import { Nesting } from "../wording/nesting.ts";
import { hasFailed, STATUS_SIGN } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { cut, visible, visibleName } from "../wording/visible.ts";

export interface MermaidOptions {
  /** `gantt` shows when tasks ran and needs a report. Default `flowchart`. */
  readonly kind?: "flowchart" | "gantt" | undefined;
  /** Default `LR`, left to right. */
  readonly direction?: "LR" | "TD" | undefined;
  /** Default 500, Mermaid's own limit. */
  readonly maxEdges?: number | undefined;
  /** Default 50,000, Mermaid's own limit. Gitea renders up to 5,000. */
  readonly maxChars?: number | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<MermaidOptions> = {
  kind: oneOf("flowchart", "gantt"),
  direction: oneOf("LR", "TD"),
  maxEdges: amount("a number of arrows", 0, Infinity),
  maxChars: amount("a number of characters", 0, Infinity),
  redact: redactRule,
};

const LABEL_LENGTH = 120;
const GANTT_BARS = 200;
/** With more bars than that, what is inside of maps and flows is folded. */
const GANTT_OPEN = 60;

/** Stays below the limits for any graph. The text is a diagram, without the Markdown fence around it. */
export function renderMermaid(subject: AnyReport | Plan, options: MermaidOptions = {}): string {
  checkOptions("renderMermaid", options, RULES);
  const shown = isPlan(subject) ? subject : redacted(subject, options.redact);
  if (options.kind === "gantt" && !isPlan(shown)) return gantt(shown, options);
  const { maxEdges = 500, maxChars = 50_000 } = options;
  let text = "";
  for (const view of graphViews(shown)) {
    if (view.arrows.length > maxEdges || view.boxes.length > maxChars / 8) continue;
    text = flowchart(view, options.direction ?? "LR");
    if (text.length <= maxChars) return text;
  }
  return text;
}

const CLASSES: Readonly<Record<TaskStatus, string>> = {
  completed: "fill:#d9f2e0,stroke:#2e7d4f,color:#12331f",
  restored: "fill:#dbe9fb,stroke:#2b62ad,color:#10294d",
  failed: "fill:#fbdad9,stroke:#b3261e,color:#4a0f0b",
  abandoned: "fill:#f3d6ee,stroke:#8e2a7c,color:#3c0f34",
  cancelled: "fill:#fbe9cf,stroke:#a5671a,color:#452a08",
  skipped: "fill:#eceff1,stroke:#78868e,color:#2b3338,stroke-dasharray:4 3",
  detached: "fill:#e5e3f7,stroke:#5b52a8,color:#221d4d",
};

function flowchart(view: GraphView, direction: string): string {
  const lines = [`flowchart ${direction}`];
  if (view.boxes.length === 0) lines.push('  empty["no tasks"]');
  view.boxes.forEach(({ label, status }, index) => {
    const style = status === undefined ? "" : `:::s_${status}`;
    lines.push(`  n${index}["${entities(cut(label, LABEL_LENGTH))}"]${style}`);
  });
  let framed = 0;
  const frame = ({ label, boxes, frames }: GraphFrame, indent: string): void => {
    lines.push(`${indent}subgraph f${framed++}["${entities(cut(label, LABEL_LENGTH))}"]`);
    for (const box of boxes) lines.push(`${indent}  n${box}`);
    for (const inner of frames) frame(inner, `${indent}  `);
    lines.push(`${indent}end`);
  };
  for (const one of view.frames) frame(one, "  ");
  for (const { from, to, dashed } of view.arrows)
    lines.push(`  n${from} ${dashed ? "-.->" : "-->"} n${to}`);
  const critical = view.arrows.flatMap((arrow, index) => (arrow.critical ? [index] : []));
  if (critical.length > 0) lines.push(`  linkStyle ${critical.join(",")} stroke-width:4px`);
  if (view.note !== undefined) lines.push(`  note["${entities(view.note)}"]`);
  for (const status of new Set(view.boxes.map((box) => box.status))) {
    if (status !== undefined) lines.push(`  classDef s_${status} ${CLASSES[status]}`);
  }
  return `${lines.join("\n")}\n`;
}

interface GanttBar {
  readonly task: TaskStatistics;
  readonly label: string;
  /** Escaped. */
  readonly section: string;
  readonly failed: boolean;
  readonly critical: boolean;
}

function gantt(report: SerializedReport, options: MermaidOptions): string {
  const maxChars = options.maxChars ?? 50_000;
  const all = ganttBars(report, "open");
  const bars = all.length <= GANTT_OPEN ? all : ganttBars(report, "folded");
  let most = GANTT_BARS;
  while (true) {
    const text = ganttOf(report, bars, most);
    if (text.length <= maxChars || most <= 1) return text;
    most = Math.floor(most / 2);
  }
}

/** `folded`: what is inside of a map or a flow is told by its bar. In the order of their stages, what came up inside last. */
function ganttBars(report: SerializedReport, how: "open" | "folded"): GanttBar[] {
  const { taskStatistics } = report;
  const nesting = Nesting.of(report);
  const path = new Set(report.analysis.criticalPath.map(({ task }) => task));
  const criticalTops = new Set<number>();
  const inside = new Map<number, { count: number; failed: number }>();
  taskStatistics.forEach((task, place) => {
    const top = nesting.outermostOf(place);
    if (path.has(task.taskName)) criticalTops.add(top);
    if (top === place) return;
    const counts = inside.get(top) ?? { count: 0, failed: 0 };
    inside.set(top, counts);
    counts.count++;
    if (hasFailed(task)) counts.failed++;
  });
  const bars = taskStatistics.flatMap((task, place): GanttBar[] => {
    const top = nesting.outermostOf(place);
    if (task.startAt === null || (how === "folded" && top !== place)) return [];
    const counts = how === "folded" ? inside.get(place) : undefined;
    const broke =
      counts !== undefined && counts.failed > 0 ? ` ${STATUS_SIGN.failed}${counts.failed}` : "";
    const more = counts === undefined ? "" : ` ×${counts.count}${broke}`;
    const around = visibleName(labelOf(taskStatistics[top] as TaskStatistics));
    return [
      {
        task,
        label: `${visibleName(labelOf(task))}${more} ${STATUS_SIGN[task.status]}`,
        section:
          task.stageId === null
            ? `inside of ${entities(cut(around, LABEL_LENGTH))}`
            : `stage ${task.stageId}`,
        failed: task.status === "failed" || task.status === "abandoned",
        critical: how === "folded" ? criticalTops.has(place) : path.has(task.taskName),
      },
    ];
  });
  const sections = new Map<string, number>();
  for (const { section } of bars) if (!sections.has(section)) sections.set(section, sections.size);
  const order = ({ task, section }: GanttBar): number =>
    task.stageId ?? Number.MAX_SAFE_INTEGER / 2 + (sections.get(section) ?? 0);
  return bars.sort((a, b) => order(a) - order(b));
}

function ganttOf(report: SerializedReport, bars: readonly GanttBar[], most: number): string {
  const chosen = bars.length <= most ? bars : notable(bars, most);
  const lines = ["gantt", "  dateFormat x", `  axisFormat ${axis(report.totalDurationMs)}`];
  const left = bars.length - chosen.length;
  const note = left > 0 ? ` (${left} shorter tasks left out)` : "";
  lines.push(
    `  title ${entities(cut(`${visible(report.run.flow ?? report.run.id)}${note}`, LABEL_LENGTH), true)}`,
  );
  if (chosen.length === 0) lines.push("  nothing ran :0, 1");
  let section: string | undefined;
  for (const bar of chosen) {
    if (bar.section !== section) {
      section = bar.section;
      lines.push(`  section ${section}`);
    }
    const startAt = Math.max(0, Math.round(bar.task.startAt ?? 0));
    const endAt = Math.max(startAt + 1, Math.round(bar.task.endAt ?? report.totalDurationMs));
    lines.push(
      `  ${entities(cut(bar.label, LABEL_LENGTH), true)} :${ganttTags(bar)}${startAt}, ${endAt}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function ganttTags({ failed, critical }: GanttBar): string {
  if (failed) return "crit, ";
  return critical ? "active, " : "done, ";
}

/** Failures, then the critical path, then the longest; in the order in which they were. */
function notable(bars: readonly GanttBar[], most: number): GanttBar[] {
  const rank = ({ failed, critical }: GanttBar): number => (failed ? 2 : critical ? 1 : 0);
  const chosen = new Set(
    bars
      .toSorted((a, b) => rank(b) - rank(a) || b.task.durationMs - a.task.durationMs)
      .slice(0, most),
  );
  return bars.filter((bar) => chosen.has(bar));
}

/** Mermaid formats the axis in local time: only what is the same in every time zone is shown. */
function axis(totalMs: number): string {
  return totalMs < 60_000 ? "%S.%L" : "%M:%S";
}

/**
 * Mermaid's own escape, `#code;`, for all but letters, digits and a few harmless signs. A first character that is always
 * escaped keeps a gantt label from being read as a keyword such as `section`.
 */
function entities(text: string, alwaysFirst = false): string {
  let first = alwaysFirst;
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const plain = !first && (code >= 0xa0 || /[A-Za-z0-9 _./-]/.test(character));
    first = false;
    return plain ? character : `#${code};`;
  }).join("");
}
