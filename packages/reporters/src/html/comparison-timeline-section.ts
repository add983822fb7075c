/**
 * Two runs on one time scale, as pictures that need no script: task by task, the run before as a ghost behind the run, and
 * all slots of both, one below the other. Colours are attributes, so that they are pictures where no style sheet is let in.
 */

import type { SerializedReport } from "@astrum/core";
import type { ReportComparison } from "../asking/compare.ts";
import {
  type ComparedSpan,
  type ComparedTask,
  comparisonTimeline,
} from "../layout/comparison-timeline.ts";
import { tenth } from "../layout/coordinates.ts";
import { count } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { cut, visibleName } from "../wording/visible.ts";
import { pageDataOf } from "./from-report.ts";
import { html, type Markup } from "./markup.ts";
import { stillTimeline } from "./still-timeline.ts";

const ROWS = 40;
const WIDE = 1000;

export function comparisonTimelineSection(
  before: SerializedReport,
  after: SerializedReport,
  comparison: ReportComparison,
): Markup | undefined {
  const { endMs, tasks, more } = comparisonTimeline(before, after, comparison, ROWS);
  if (endMs === 0 || tasks.length === 0) return undefined;
  return html`<section id="timeline" aria-labelledby="timeline-title">
<h2 id="timeline-title">Both runs on one scale</h2>
<ul class="key"><li>${swatch("ghost", GHOST)} before</li><li>${swatch("after-completed", COMPLETED)} after</li><li>${swatch("after-failed", FAILED)} failed after</li></ul>
<table class="pair"><thead><tr><th scope="col">task</th><th scope="col" class="picture">from 0 to ${duration(endMs)}</th><th scope="col" class="number">before</th><th scope="col" class="number">after</th></tr></thead>
<tbody>${tasks.map((task) => row(task, endMs))}</tbody></table>
${more > 0 && html`<p class="hint">and ${count(more)} more, which changed less</p>`}
<h3>All slots of both</h3>
<div class="sides"><p>before: ${duration(before.totalDurationMs)}</p><div class="then">${slots(before, endMs)}</div><p>after: ${duration(after.totalDurationMs)}</p><div>${slots(after, endMs)}</div></div>
</section>`;
}

const GHOST = "#b9b4ab";
const COMPLETED = "#1d7763";
const FAILED = "#c2362b";

const PATH: Readonly<Record<ComparedTask["path"], string>> = {
  both: "on the critical path",
  before: "was on the critical path",
  after: "newly on the critical path",
  neither: "",
};

function row({ task, before, after, path }: ComparedTask, endMs: number): Markup {
  const scale = WIDE / endMs;
  return html`<tr><td><code>${cut(visibleName(task), 120)}</code>${path !== "neither" && html` <small>${PATH[path]}</small>`}</td><td class="picture"><svg viewBox="0 0 ${WIDE} 18" width="100%" height="18" preserveAspectRatio="none" role="img" aria-label="${when(before, after)}">${before.map((span) => bar(span, scale, 0, 18, "ghost", GHOST))}${after.map((span) => bar(span, scale, 5, 8, span.failed ? "after-failed" : "after-completed", span.failed ? FAILED : COMPLETED))}</svg></td><td class="number">${took(before)}</td><td class="number">${took(after)}</td></tr>`;
}

function bar(
  { fromMs, toMs }: ComparedSpan,
  scale: number,
  top: number,
  tall: number,
  look: string,
  colour: string,
): Markup {
  const width = Math.max(2, (toMs - fromMs) * scale);
  return html`<rect class="${look}" x="${tenth(Math.min(fromMs * scale, WIDE - 2))}" y="${top}" width="${tenth(width)}" height="${tall}" fill="${colour}"/>`;
}

function took(spans: readonly ComparedSpan[]): string {
  if (spans.length === 0) return "–";
  return duration(spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0));
}

function when(before: readonly ComparedSpan[], after: readonly ComparedSpan[]): string {
  return `before: ${intervals(before)}; after: ${intervals(after)}`;
}

function intervals(spans: readonly ComparedSpan[]): string {
  if (spans.length === 0) return "did not run";
  const shown = spans.slice(0, 5).map(({ fromMs, toMs, failed }) => {
    return `${duration(fromMs)} to ${duration(toMs)}${failed ? ", failed" : ""}`;
  });
  return shown.join(", ");
}

function slots(report: SerializedReport, endMs: number): Markup | undefined {
  const data = pageDataOf(report, "");
  return stillTimeline({ ...data, endUs: Math.max(data.endUs, endMs * 1000) });
}

function swatch(look: string, colour: string): Markup {
  return html`<svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false"><rect class="${look}" width="12" height="12" fill="${colour}"/></svg>`;
}
