/** Did it work? The first thing on the page, and the first a screen reader says. */

import type { SerializedReport } from "@astrum/core";
import { busiest } from "../asking/busiest.ts";
import type { Insight } from "../asking/insight.ts";
import { leverLine } from "../asking/lever-text.ts";
import { hundredth } from "../layout/coordinates.ts";
import { count, plural } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { endedBy, isResumed } from "../wording/ending.ts";
import { isFailure, STATUS_SIGN, STATUSES } from "../wording/outcome.ts";
import { cut, visible, visibleMessage, visibleName } from "../wording/visible.ts";
import { html, type Markup } from "./markup.ts";
import { LOOK_COLOUR, lookOf, type TaskLook } from "./task-look.ts";

const SIGN: Readonly<Record<SerializedReport["executionState"], string>> = {
  completed: "✓",
  failed: "✗",
  cancelled: "⊘",
  interrupted: "⚠",
};

/** Characters of what a caller says who cancelled the run. */
const REASON = 300;

export function summary(report: SerializedReport, name: string, seen: Insight): Markup {
  const { executionState: state, run } = report;
  return html`<header class="summary ${state}">
<div class="verdict">
<span class="seal" aria-hidden="true">${SIGN[state]}</span>
<div>
<h1>${name} <span class="state">${stateText(report)}</span></h1>
<p class="lead">${lead(report)}</p>
${possible(seen)}
${report.resume !== undefined && isResumed(report) && resumed(report, report.resume)}
<p class="meta"><time datetime="${visible(run.startedAt)}">${startText(run.startedAt)}</time> · run <code>${visible(run.id)}</code>${Object.entries(
    run.attributes ?? {},
  ).map(([key, value]) => html` · ${visible(key)} <code>${visible(String(value))}</code>`)}</p>
</div>
<button type="button" class="card" data-card hidden>Copy as picture</button>
</div>
${counts(report)}
<dl class="figures">${figures(report, seen).map(([term, value, note]) => html`<div><dt>${term}</dt><dd>${value}${note !== "" && html` <small>${note}</small>`}</dd></div>`)}</dl>
</header>`;
}

function stateText(report: SerializedReport): string {
  const took = duration(report.totalDurationMs);
  if (report.planIssues !== undefined) return "could not be planned";
  if (report.totalTasks === 0) return "had nothing to do";
  switch (report.executionState) {
    case "completed":
      return `completed in ${took}`;
    case "failed": {
      const why = endedBy(report);
      return `failed after ${took}${why === "" ? "" : `: ${why}`}`;
    }
    case "cancelled":
      return `was cancelled after ${took}`;
    default:
      return `was interrupted after ${took}`;
  }
}

function lead(report: SerializedReport): string {
  const { totalTasks } = report;
  const broken = report.taskStatistics.filter(isFailure).length;
  const { toleratedFailures: tolerated = 0 } = report;
  if (report.planIssues !== undefined) {
    return `${plural(report.planIssues.length, "fault")} in the graph of ${plural(totalTasks, "task")}. Nothing ran.`;
  }
  if (totalTasks === 0) return "The flow has no tasks.";
  switch (report.executionState) {
    case "completed":
      if (broken + tolerated > 0)
        return `${count(broken + tolerated)} of ${plural(totalTasks, "task")} failed, and the run was told to go on without them.`;
      if (report.successfulTasks + report.restoredTasks === totalTasks) {
        return totalTasks === 1
          ? "The only task completed."
          : `All ${count(totalTasks)} tasks completed.`;
      }
      return `Nothing failed. ${plural(report.successfulTasks + report.restoredTasks, "task")} of ${count(totalTasks)} completed.`;
    case "interrupted":
      return `The record ends before the run did: the process was killed, or was still running. ${count(report.successfulTasks)} of ${plural(totalTasks, "task")} had completed${broken > 0 ? `, ${count(broken)} failed` : ""}.`;
    case "cancelled": {
      const by = endedBy(report);
      const why = by === "" ? "" : `: ${cut(visibleMessage(by), REASON)}`;
      return `${count(report.successfulTasks)} of ${plural(totalTasks, "task")} had completed when the run was asked to stop${why}.`;
    }
    default: {
      const warned = tolerated === 0 ? "" : ` Failures that are tolerated: ${count(tolerated)}.`;
      const failed = `${count(broken)} of ${plural(totalTasks, "task")} failed.${warned}`;
      if (endedBy(report) === "") return failed;
      const done = `${count(report.successfulTasks + report.restoredTasks)} of ${plural(totalTasks, "task")} had completed by then.`;
      return broken === 0 ? done : `${done} ${failed}`;
    }
  }
}

/** The lever that saves most, and the way to the others. */
function possible({ advice, criticalPath }: Insight): Markup | undefined {
  const best = advice?.levers[0];
  if (advice === undefined || best === undefined) return undefined;
  const label = criticalPath.find(({ task }) => task === best.name)?.label ?? best.name;
  const share = Math.round((100 * best.savedMs) / advice.asRunMs);
  return html`<p class="lead"><a href="#faster">${share < 1 ? "Less" : `${share} % less`} is possible</a>: ${duration(best.makespanMs)} if ${leverLine(best, label)}.</p>`;
}

/** What the earlier run saved this one, and how much it had to do again. */
function resumed(
  report: SerializedReport,
  resume: NonNullable<SerializedReport["resume"]>,
): Markup {
  const { resumes } = report.run;
  const from =
    resumes === undefined ? html`an earlier run` : html`the run <code>${visible(resumes)}</code>`;
  const saved = report.restoredTasks;
  const kept =
    saved === 0
      ? "nothing of it could be restored"
      : `${plural(saved, "task")} of ${count(report.totalTasks)} ${saved === 1 ? "was" : "were"} restored and not called again`;
  const again = resume.rerun.length;
  const rest = again === 0 ? "" : `, ${count(again)} had to run again`;
  return html`<p class="lead resumed">Resumed from ${from}: ${kept}${rest}. <a href="#about">Which, and why</a></p>`;
}

const LOOKS: readonly TaskLook[] = STATUSES.flatMap((status) =>
  status === "failed" ? [status, "tolerated"] : [status],
);

/** A bar that is all of the tasks, and the same as words. What is tolerated stands beside what failed, and is no part of it. */
function counts({ taskStatistics }: SerializedReport): Markup | undefined {
  const total = taskStatistics.length;
  if (total === 0) return undefined;
  const numbers = new Map<TaskLook, number>();
  for (const task of taskStatistics) {
    const look = lookOf(task);
    numbers.set(look, (numbers.get(look) ?? 0) + 1);
  }
  const present = LOOKS.flatMap((look) => {
    const number = numbers.get(look) ?? 0;
    return number === 0 ? [] : [{ look, number }];
  });
  // What is one of ten thousand is still to be seen.
  const least = Math.min(12, 1000 / present.length);
  const room = 1000 - least * present.length;
  let x = 0;
  const parts = present.map(({ look, number }) => {
    const width = least + (room * number) / total;
    const rect = html`<rect class="fill-${look}" x="${hundredth(x)}" y="0" width="${hundredth(Math.max(1, width - 2))}" height="10" fill="${LOOK_COLOUR[look]}"/>`;
    x += width;
    return rect;
  });
  return html`<div class="counts">
<svg viewBox="0 0 1000 10" width="100%" height="10" preserveAspectRatio="none" aria-hidden="true" focusable="false">${parts}</svg>
<ul>${present.map(({ look, number }) => html`<li class="mark ${look}"><span class="sign" aria-hidden="true">${STATUS_SIGN[look === "tolerated" ? "failed" : look]}</span> <b>${count(number)}</b> ${look}</li>`)}</ul>
</div>`;
}

function figures(report: SerializedReport, seen: Insight): [string, string, string][] {
  if (report.totalAttempts === 0) return [];
  const { concurrency } = report.run.config;
  const list: [string, string, string][] = [
    [
      "attempts",
      count(report.totalAttempts),
      report.flakyTasks > 0 ? `${plural(report.flakyTasks, "flaky task")}` : "",
    ],
    [
      "at once",
      count(report.peakConcurrency),
      concurrency === null ? "at most, no limit" : `at most, of ${plural(concurrency, "slot")}`,
    ],
    ["work", duration(report.busyMs), "all attempts together"],
  ];
  if (concurrency !== null && seen.makespanMs > 0) {
    const share = Math.min(100, (100 * report.busyMs) / (concurrency * seen.makespanMs));
    list.push(["slots in use", `${Math.round(share)} %`, `of the time${heldBy(report)}`]);
  }
  if (report.planningDurationMs >= 1)
    list.push(["planning", duration(report.planningDurationMs), ""]);
  return list;
}

/** A share of the slots in use that is worth a word. */
const MUCH = 0.25;

/** Who held much of what was in use; of one alone there is nothing to say, nor of thousands that held as much each. */
function heldBy(report: SerializedReport): string {
  const most = busiest(report);
  if (most === undefined || most.share === 1 || most.share < MUCH) return "";
  return `, ${Math.round(100 * most.share)} % of that by ${visibleName(cut(most.taskName, 40))}`;
}

/** As written in the report, without the letters of the format. */
function startText(startedAt: string): string {
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})/.exec(startedAt) ?? [];
  return day === undefined || time === undefined ? visible(startedAt) : `${day} ${time} UTC`;
}
