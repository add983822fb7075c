/**
 * Why it took that long: where the critical path spent its time, to the last microsecond, and the path itself. The pictures
 * carry their colours as attributes, so that they are pictures where no style sheet is let in.
 */

import type { SerializedReport } from "@astrum/core";
import { type CriticalSegment, type Insight, type PathRow, pathRows } from "../asking/insight.ts";
import { hundredth } from "../layout/coordinates.ts";
import { count, plural } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { cut, visibleName } from "../wording/visible.ts";
import { html, type Markup } from "./markup.ts";
import type { TaskLinks } from "./task-links.ts";

const PATH_SHOWN = 12;
const FOLDED_SHOWN = 24;
/** One picture of a thousand units; what is narrower than this share of them is widened to be seen. */
const LEAST = 3;

export function whySection(
  report: SerializedReport,
  seen: Insight,
  links: TaskLinks,
): Markup | undefined {
  if (seen.criticalPath.length === 0) return undefined;
  const rows = pathRows(seen, PATH_SHOWN);
  return html`<section id="why" aria-labelledby="why-title">
<h2 id="why-title">Why it took ${duration(seen.makespanMs)}</h2>
<p class="lead">${seen.verdict}</p>
${partsPicture(seen)}
<h3>The critical path <span class="count">${plural(seen.criticalPath.length, "attempt")}</span></h3>
<p class="hint">What had to happen one after the other. Its rows add up to the whole ${duration(seen.makespanMs)}.</p>
${pathPicture(report, seen)}
<table class="path"><thead><tr><th scope="col" class="number">at</th><th scope="col" class="number">waited</th><th scope="col" class="number">ran</th><th scope="col">task</th></tr></thead>
<tbody>${rows.map((row) => pathRow(row, links))}</tbody></table>
</section>`;
}

interface Look {
  readonly name: string;
  readonly colour: string;
}

const LOOK: Readonly<Record<string, Look>> = {
  running: { name: "running", colour: "#2c8571" },
  "failed attempts": { name: "failed", colour: "#c2362b" },
  "back-off": { name: "back-off", colour: "#d9a441" },
  "waiting for a slot": { name: "slot", colour: "#5b7fb5" },
  "waiting for a shared limit": { name: "limit", colour: "#7a6aa8" },
  "waiting for the stage": { name: "stage", colour: "#9c6b98" },
  "planning and starting": { name: "start", colour: "#6f7d86" },
  "between tasks": { name: "between", colour: "#9a958c" },
};

const OTHER: Look = { name: "between", colour: "#9a958c" };

function partsPicture({ parts, makespanMs }: Insight): Markup | undefined {
  if (parts.length === 0) return undefined;
  const list = parts.toSorted((a, b) => b.ms - a.ms);
  const total = list.reduce((sum, { ms }) => sum + ms, 0);
  const room = 1000 - LEAST * list.length;
  let x = 0;
  const rects = list.map(({ what, ms }) => {
    const { name, colour } = LOOK[what] ?? OTHER;
    const width = LEAST + (room * ms) / total;
    const rect = html`<rect class="part-${name}" x="${hundredth(x)}" y="0" width="${hundredth(Math.max(2, width - 2))}" height="28" fill="${colour}"><title>${what}: ${duration(ms)}</title></rect>`;
    x += width;
    return rect;
  });
  const alternative = list.map(({ what, ms }) => `${duration(ms)} ${what}`).join(", ");
  return html`<figure class="parts">
<svg viewBox="0 0 1000 28" width="100%" height="28" preserveAspectRatio="none" role="img" aria-label="${duration(makespanMs)} are ${alternative}">${rects}</svg>
<ul>${list.map(({ what, ms }) => html`<li><svg class="swatch" viewBox="0 0 10 10" width="10" height="10" aria-hidden="true" focusable="false"><rect class="part-${(LOOK[what] ?? OTHER).name}" width="10" height="10" fill="${(LOOK[what] ?? OTHER).colour}"/></svg> <b>${duration(ms)}</b> ${what} <small>${percent(ms, total)}</small></li>`)}</ul>
</figure>`;
}

/** The path on the time axis: what ran as blocks, what waited as the line between them. */
function pathPicture(report: SerializedReport, { criticalPath, makespanMs }: Insight): Markup {
  const failed = new Set<string>();
  for (const { taskName, attemptStatistics } of report.taskStatistics) {
    for (const { attemptNumber, status } of attemptStatistics) {
      if (status === "failed") failed.add(`${attemptNumber} ${taskName}`);
    }
  }
  const scale = makespanMs > 0 ? 1000 / makespanMs : 0;
  const paths: Record<"even" | "odd" | "failed", string> = { even: "", odd: "", failed: "" };
  let drawn = -1;
  criticalPath.forEach((segment, index) => {
    const from = (segment.fromMs + segment.gapMs) * scale;
    const width = segment.runMs * scale;
    const isFailed = failed.has(`${segment.attempt} ${segment.task}`);
    // Ten thousand slivers are one block; a failure is never lost among them.
    if (!isFailed && width < 0.5 && from + width < drawn + 0.5) return;
    drawn = from + Math.max(0.6, width);
    const look = isFailed ? "failed" : index % 2 === 0 ? "even" : "odd";
    paths[look] +=
      `M${hundredth(from)} 0h${hundredth(Math.max(0.6, width))}v18h-${hundredth(Math.max(0.6, width))}z`;
  });
  return html`<svg class="path-picture" viewBox="0 0 1000 18" width="100%" height="18" preserveAspectRatio="none" aria-hidden="true" focusable="false"><path class="path-line" d="M0 9h1000" stroke="#9a958c" stroke-width="2" stroke-dasharray="3 3" fill="none"/><path class="part-running" d="${paths.even}" fill="#2c8571"/><path class="part-odd" d="${paths.odd}" fill="#5fa896"/><path class="part-failed" d="${paths.failed}" fill="#c2362b"/></svg>`;
}

function pathRow({ fromMs, gapMs, runMs, segments }: PathRow, links: TaskLinks): Markup {
  const [first] = segments;
  const alone = segments.length === 1;
  return html`<tr${!alone && html` class="folded"`}><td class="number">${duration(fromMs)}</td><td class="number">${gapMs > 0 && duration(gapMs)}</td><td class="number">${duration(runMs)}</td><td>${alone && first !== undefined ? segmentText(first, links) : folded(segments, links)}</td></tr>`;
}

/** Those that are too short for a row of their own, in their order. */
function folded(segments: readonly CriticalSegment[], links: TaskLinks): Markup {
  const names = segments.map(({ task }) => task);
  return html`<details><summary>${count(segments.length)} shorter attempts</summary>${links.list(names, FOLDED_SHOWN)}</details>`;
}

function segmentText({ task, attempt, link, freed }: CriticalSegment, links: TaskLinks): Markup {
  const why = freed === undefined ? LINK[link] : `when ${freed} was given back`;
  const notes = [attempt > 1 ? `attempt ${attempt}` : "", why].filter((note) => note !== "");
  return html`${links.to(task)}${notes.length > 0 && html` <small>${cut(visibleName(notes.join(", ")), 80)}</small>`}`;
}

const LINK: Readonly<Record<CriticalSegment["link"], string>> = {
  start: "",
  dependency: "",
  item: "",
  slot: "when a slot was freed",
  retry: "after back-off",
  stage: "when its stage began",
  external: "when a shared limit let it in",
};

function percent(part: number, whole: number): string {
  const share = (100 * part) / whole;
  return share > 0 && share < 1 ? "< 1 %" : `${Math.round(share)} %`;
}
