/** The tasks as a plain table, for those who read without scripts or on paper: all of a small run, the first of a large one. */

import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { duration } from "../wording/duration.ts";
import { ranText } from "../wording/ending.ts";
import { labelOf } from "../wording/label.ts";
import { reasonText } from "../wording/outcome.ts";
import { cut, visibleMessage, visibleName } from "../wording/visible.ts";
import { count } from "./counts.ts";
import { html, type Markup } from "./markup.ts";
import { statusMark } from "./task-links.ts";

const SHOWN = 300;

export function stillList(report: SerializedReport): Markup {
  const { taskStatistics } = report;
  const more = taskStatistics.length - SHOWN;
  return html`<div class="still"><table class="list"><thead><tr><th scope="col">status</th><th scope="col">task</th><th scope="col" class="number">ready</th><th scope="col" class="number">waited</th><th scope="col" class="number">ran</th><th scope="col" class="number">attempts</th></tr></thead>
<tbody>${taskStatistics.slice(0, SHOWN).map((task, index) => row(report, task, index))}</tbody></table>
${more > 0 && html`<p class="hint">The first ${SHOWN} of ${count(taskStatistics.length)} tasks. The page lists all of them when scripts may run.</p>`}</div>`;
}

function row(report: SerializedReport, task: TaskStatistics, index: number): Markup {
  const why =
    task.status === "completed" || task.status === "restored"
      ? ""
      : visibleMessage(reasonText(task, 160));
  return html`<tr id="t=${index}"><td>${statusMark(task.status)}</td><td><code>${cut(visibleName(labelOf(task)), 160)}</code>${why !== "" && html` <small>${why}</small>`}</td><td class="number">${task.readyAt !== null && duration(task.readyAt)}</td><td class="number">${task.queuedMs > 0 && duration(task.queuedMs)}</td><td class="number">${task.startAt !== null && ranText(task, report)}</td><td class="number">${task.attemptCount > 1 && task.attemptCount}</td></tr>`;
}
