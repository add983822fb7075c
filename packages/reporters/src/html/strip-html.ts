/**
 * Many runs as one page that asks for nothing and has no script: a line a task, a cell a run; what is flaky and what fails by
 * themselves. A cell says what it is in its title, and a line in words.
 */
import type { Cell, ManyRuns, Strip } from "../asking/many-runs.ts";
import { heatOf, longestStrips, spanText, stripTitle } from "../layout/heat.ts";
import { count, plural } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { cut, visible, visibleName } from "../wording/visible.ts";
import { html, type Markup } from "./markup.ts";
import { stillPage } from "./still-page.ts";

const RUNS = 60;
const TASKS = 150;
const TROUBLED = 50;
/** A cell is as wide as it is tall, and a unit apart from the next. */
const CELL = 14;

const HEAT = [
  "#e4efec",
  "#c9dfd9",
  "#aecfc6",
  "#93bfb3",
  "#78afa0",
  "#5c9f8d",
  "#418f7a",
  "#1d7763",
];
const FILL: Readonly<Record<Exclude<Cell["is"], "completed">, string>> = {
  retried: "#b98a2f",
  restored: "#38598f",
  failed: "#c2362b",
  stopped: "#bdbab4",
  skipped: "#bdbab4",
  absent: "none",
};

/** Something to see beside the colour: in units of a cell of 13 by 13. */
const MARK: Readonly<Record<Exclude<Cell["is"], "completed">, string>> = {
  retried: "M3 8.5q1.75-5 3.5-2t3.5-2",
  restored: "M9.5 5a3.5 3.5 0 1 0 .3 2.6",
  failed: "M3.5 3.5l6 6M9.5 3.5l-6 6",
  stopped: "M3 6.5h7",
  skipped: "M4 3.5l4 3-4 3",
  absent: "",
};

export function renderStripHtml(many: ManyRuns): string {
  const { runs, flaky, failing } = many;
  const longest = longestStrips(many, TASKS);
  const last = runs.at(-1);
  const title = visible(stripTitle(many));
  const left = many.tasks.length - longest.length;
  const section = (
    id: string,
    heading: string,
    list: readonly Strip[],
    note: (strip: Strip) => string,
  ): Markup | false =>
    list.length > 0 &&
    html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${heading} <span class="count">${count(list.length)}</span></h2>
${table(list, many, note)}
</section>`;
  return stillPage({
    title: cut(title, 200),
    state: last?.executionState ?? "completed",
    header: header(title, many),
    main: html`${section("flaky", "Flaky", flaky.slice(0, TROUBLED), (strip) => strip.flaky)}
${section("failing", "Failing", failing.slice(0, TROUBLED), (strip) => strip.failing)}
${section("tasks", "Tasks", longest, spanText)}
${left > 0 && html`<p class="hint">and ${count(left)} that took less</p>`}`,
    madeFor: plural(runs.length, "run"),
  });
}

function header(title: string, many: ManyRuns): Markup {
  const { runs, makespan } = many;
  const [first, last] = [runs[Math.max(0, runs.length - RUNS)], runs.at(-1)];
  const hidden = runs.length - RUNS;
  return html`<header class="summary ${last?.executionState ?? "completed"}">
<h1>${title}</h1>
<p class="meta">From <code>${visible(first?.run.id ?? "")}</code> of ${visible(first?.run.startedAt ?? "")} to <code>${visible(last?.run.id ?? "")}</code> of ${visible(last?.run.startedAt ?? "")}, the latest on the right.${hidden > 0 && ` ${plural(hidden, "earlier run")} of these files are counted and not drawn.`}</p>
<ul class="key"><li>${swatch({ is: "completed", ms: 0 }, 0)} to ${swatch({ is: "completed", ms: 0 }, 7)} up to the longest that it took</li>${KEY.map(([is, text]) => html`<li>${swatch({ is, ms: undefined }, 0)} ${text}</li>`)}</ul>
${table([makespan], many, spanText)}
</header>`;
}

const KEY: readonly (readonly [Cell["is"], string])[] = [
  ["failed", "failed"],
  ["retried", "completed after failed attempts"],
  ["restored", "restored"],
  ["skipped", "skipped"],
  ["stopped", "stopped"],
];

function table(list: readonly Strip[], many: ManyRuns, note: (strip: Strip) => string): Markup {
  return html`<table class="strips"><tbody>${list.map((strip) => row(strip, many, note))}</tbody></table>`;
}

function row(strip: Strip, { runs }: ManyRuns, note: (strip: Strip) => string): Markup {
  const cells = strip.cells.slice(-RUNS);
  const from = strip.cells.length - cells.length;
  const width = cells.length * CELL;
  return html`<tr><td><code>${cut(visibleName(strip.task), 120)}</code><small>${visible(note(strip))}</small></td><td class="cells"><svg viewBox="0 0 ${width} ${CELL}" width="100%" height="${CELL + 4}" preserveAspectRatio="xMinYMid meet" role="img" aria-label="${told(strip)}">${cells.map((cell, at) => drawn(cell, heatOf(cell, strip) ?? 0, at * CELL, runs[from + at]?.run.id ?? ""))}</svg></td></tr>`;
}

function drawn(cell: Cell, heat: number, x: number, run: string): Markup {
  if (cell.is === "absent") return html``;
  const took = cell.ms === undefined ? "" : `, ${duration(cell.ms)}`;
  return html`<g transform="translate(${x} 0)"><title>${visible(run)}: ${cell.is}${took}</title>${shape(cell, heat)}</g>`;
}

function shape(cell: Cell, heat: number): Markup {
  if (cell.is === "completed")
    return html`<rect class="heat-${heat}" width="13" height="13" fill="${HEAT[heat] as string}"/>`;
  return html`<rect class="cell-${cell.is}" width="13" height="13" fill="${FILL[cell.is]}"/><path class="cell-sign" d="${MARK[cell.is]}" fill="none" stroke="#fff" stroke-width="1.6"/>`;
}

function swatch(cell: Cell, heat: number): Markup {
  return html`<svg viewBox="0 0 13 13" width="13" height="13" aria-hidden="true" focusable="false">${shape(cell, heat)}</svg>`;
}

/** In words, for who does not see the cells. */
function told({ cells }: Strip): string {
  const counts = new Map<Cell["is"], number>();
  for (const { is } of cells) counts.set(is, (counts.get(is) ?? 0) + 1);
  return Array.from(counts, ([is, n]) => `${n} ${is}`).join(", ");
}
