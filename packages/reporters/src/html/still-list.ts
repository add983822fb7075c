/**
 * The tasks as a plain table, for those who read without scripts or on paper: all of a small run, the first of a large one.
 * What is inside of a flow stands in a table of its own below its row, which unfolds. Of many tasks those least deep inside
 * come first.
 */

import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { count, plural } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { ranText } from "../wording/ending.ts";
import { insideText } from "../wording/inside.ts";
import { labelOf } from "../wording/label.ts";
import { Nesting } from "../wording/nesting.ts";
import { failsForInside, reasonText } from "../wording/outcome.ts";
import { cut, visibleMessage, visibleName } from "../wording/visible.ts";
import { html, type Markup } from "./markup.ts";
import { taskId } from "./task-address.ts";
import { statusMark } from "./task-links.ts";
import { lookOf } from "./task-look.ts";

const SHOWN = 300;
const WHY = 160;

export function stillList(report: SerializedReport): Markup {
  const { taskStatistics } = report;
  const nesting = Nesting.of(report);
  const listed = listedRows(nesting);
  const more = taskStatistics.length - SHOWN;
  return html`<div class="still">${table(report, nesting, listed, TOP)}
${more > 0 && html`<p class="hint">The first ${SHOWN} of ${count(taskStatistics.length)} tasks. The page lists all of them when scripts may run.</p>`}</div>`;
}

const TOP = -1;

/** For the top, and for each task with a flow inside of it, the rows that are shown. */
function listedRows(nesting: Nesting): ReadonlyMap<number, readonly number[]> {
  const listed = new Map<number, readonly number[]>();
  const open = [TOP];
  let left = SHOWN;
  for (let at = 0; at < open.length && left > 0; at++) {
    const within = open[at] as number;
    const rows = nesting.unfolded(within === TOP ? undefined : within).slice(0, left);
    left -= rows.length;
    listed.set(within, rows);
    for (const place of rows) if (nesting.folds(place)) open.push(place);
  }
  return listed;
}

function table(
  report: SerializedReport,
  nesting: Nesting,
  listed: ReadonlyMap<number, readonly number[]>,
  within: number,
): Markup {
  const rows = (listed.get(within) ?? []).map((place) => {
    const task = report.taskStatistics[place] as TaskStatistics;
    if (!nesting.folds(place)) return row(report, task, place, false);
    return html`${row(report, task, place, true)}${inside(report, nesting, listed, place)}`;
  });
  return html`<table class="list"><thead><tr><th scope="col">status</th><th scope="col">task</th><th scope="col" class="number">ready</th><th scope="col" class="number">waited</th><th scope="col" class="number">ran</th><th scope="col" class="number">attempts</th></tr></thead>
<tbody>${rows}</tbody></table>`;
}

/** A row below that of the task: in one line what is inside, and unfolded the tasks. */
function inside(
  report: SerializedReport,
  nesting: Nesting,
  listed: ReadonlyMap<number, readonly number[]>,
  place: number,
): Markup {
  const all = nesting.insideOf(place);
  const tasks = all.map((one) => report.taskStatistics[one] as TaskStatistics);
  const text = cut(visibleMessage(insideText(tasks, report, WHY)), 2 * WHY);
  const shown = listed.get(place) ?? [];
  const direct = nesting.unfolded(place).length;
  const more = direct - shown.length;
  if (shown.length === 0) return html`<tr class="inside"><td colspan="6">${text}</td></tr>`;
  return html`<tr class="inside"><td colspan="6"><details><summary>${text}</summary>${table(report, nesting, listed, place)}${more > 0 && html`<p class="hint">and ${plural(more, "more task")}</p>`}</details></td></tr>`;
}

function row(
  report: SerializedReport,
  task: TaskStatistics,
  index: number,
  folds: boolean,
): Markup {
  const silent =
    task.status === "completed" || task.status === "restored" || (folds && failsForInside(task));
  const why = silent ? "" : visibleMessage(reasonText(task, WHY));
  return html`<tr id="${taskId(visibleName(task.taskName), index)}"><td>${statusMark(task.status, lookOf(task))}</td><td><code>${cut(visibleName(labelOf(task)), 160)}</code>${why !== "" && html` <small>${why}</small>`}</td><td class="number">${task.readyAt !== null && duration(task.readyAt)}</td><td class="number">${task.queuedMs > 0 && duration(task.queuedMs)}</td><td class="number">${task.startAt !== null && (folds ? duration(task.durationMs) : ranText(task, report))}</td><td class="number">${task.attemptCount > 1 && task.attemptCount}</td></tr>`;
}
