/** What failed and why: the first error first, each with its stack and with what it took down; then what was tolerated. */

import type { SerializedReport, TaskStatistics } from "@astrum/core";
import type { Insight } from "../asking/insight.ts";
import { priceText } from "../asking/price.ts";
import { count, plural } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { errorTitle } from "../wording/error-text.ts";
import { labelOf } from "../wording/label.ts";
import { logText } from "../wording/log-text.ts";
import {
  errorOf,
  failsForInside,
  failuresOf,
  isFlow,
  isUnreleased,
  reasonText,
  toleratedOf,
  toleratedText,
} from "../wording/outcome.ts";
import { cut, visible, visibleLines, visibleMessage, visibleName } from "../wording/visible.ts";
import { ErrorTexts } from "./error-texts.ts";
import { FirstCauses } from "./first-cause.ts";
import { html, type Markup } from "./markup.ts";
import { statusMark, type TaskLinks } from "./task-links.ts";
import { lookOf } from "./task-look.ts";

/** At once; as many as `LISTED` behind a fold, the others by name. */
const SHOWN = 8;
/** At once of those that are tolerated. */
const WARNED = 3;
const LISTED = 50;
const OPEN = 2;
const NAMED = 200;
const TITLE = 300;

export function failureSection(
  report: SerializedReport,
  seen: Insight,
  links: TaskLinks,
): Markup | undefined {
  const issues = report.planIssues ?? [];
  if (issues.length > 0) return planSection(issues);
  const failures = failuresOf(report);
  const observers = (report.observerErrors ?? []).slice(0, SHOWN);
  const tolerated = toleratedOf(report);
  if (failures.length + tolerated.length + observers.length === 0) return undefined;
  const fallen = fallenBecauseOf(report);
  const price = priceText(report, seen.makespanMs);
  const first = new FirstCauses(report);
  const errors = new ErrorTexts();
  const [own, made] = byFirstCause(failures, first);
  const [warnings, madeWarnings] = byFirstCause(tolerated, first);
  const shown = own.slice(0, SHOWN);
  const more = own.slice(SHOWN);
  const entry = (task: TaskStatistics, index: number): Markup =>
    failure(
      task,
      index < OPEN && !(isFlow(task) && failsForInside(task)),
      {
        failed: made.get(task.taskName) ?? madeWarnings.get(task.taskName) ?? [],
        // An item that failed its map took down what waited for that.
        fallen: first.begunBy(task.taskName).flatMap((one) => fallen.get(one) ?? []),
      },
      errors,
      links,
    );
  return html`<section id="failures" aria-labelledby="failures-title">
${failures.length > 0 && html`<h2 id="failures-title">What failed <span class="count">${count(failures.length)}</span></h2>`}
${price !== undefined && html`<p class="hint price">${price}</p>`}
${shown.map(entry)}
${
  more.length > 0 &&
  html`<details class="more"><summary>${plural(more.length, "more failure")}</summary>${more
    .slice(0, LISTED)
    .map((task) => entry(task, OPEN))}${
    more.length > LISTED &&
    links.list(
      more.slice(LISTED).map(({ taskName }) => taskName),
      NAMED,
    )
  }</details>`
}
${
  tolerated.length > 0 &&
  html`<h2${failures.length === 0 && html` id="failures-title"`}>What failed and is tolerated <span class="count">${count(tolerated.length)}</span></h2>
${warnings.slice(0, WARNED).map((task) => entry(task, OPEN))}
${
  warnings.length > WARNED &&
  html`<details class="more"><summary>${plural(warnings.length - WARNED, "more warning")}</summary>${warnings
    .slice(WARNED, LISTED)
    .map((task) => entry(task, OPEN))}${
    warnings.length > LISTED &&
    links.list(
      warnings.slice(LISTED).map(({ taskName }) => taskName),
      NAMED,
    )
  }</details>`
}`
}
${
  observers.length > 0 &&
  html`<h2${failures.length + tolerated.length === 0 && html` id="failures-title"`}>Observers that threw <span class="count">${observers.length}</span></h2>
<p class="hint">The run was not touched by it, but what they record may have holes.</p>
${observers.map((error) => html`<details class="failure"><summary><span class="message">${visibleMessage(errorTitle(error, TITLE))}</span></summary><pre>${errors.of(error)}</pre></details>`)}`
}
</section>`;
}

/** What a failure did to others: which maps and flows around it failed because of it, and what never ran. */
interface Harm {
  readonly failed: readonly string[];
  readonly fallen: readonly string[];
}

function failure(
  task: TaskStatistics,
  open: boolean,
  { failed, fallen }: Harm,
  errors: ErrorTexts,
  links: TaskLinks,
): Markup {
  const error = errorOf(task);
  const title =
    error === undefined || isUnreleased(task) ? reasonText(task, TITLE) : errorTitle(error, TITLE);
  const shownName = (name: string): string => visibleName(links.label(name));
  const facts = [
    task.attemptCount > 1 ? plural(task.attemptCount, "attempt") : "",
    task.endAt === null ? "" : `after ${duration(task.endAt)}`,
    failed.length > 0 ? `made ${cut(failed.map(shownName).join(", "), 80)} fail` : "",
    fallen.length > 0 ? `took ${plural(fallen.length, "task")} down` : "",
    task.fallback === true ? toleratedText(task) : "",
  ].filter((fact) => fact !== "");
  const place = links.place(task.taskName);
  const text = errors.of(error);
  const log = logText(task, 100);
  return html`<details class="failure${task.tolerated === true && " warning"}"${open && html` open`}>
<summary>${task.releaseError === undefined ? statusMark(task.status, lookOf(task)) : statusMark("failed")} ${nameOf(task)}${facts.length > 0 && html` <span class="facts">${facts.map((fact, at) => html`${at > 0 && " · "}<span class="fact">${fact}</span>`)}</span>`}<span class="message">${visibleMessage(title)}</span></summary>
${text !== "" && html`<pre>${text}</pre>`}
${log !== "" && html`<p class="fallen">What it said last:</p><pre class="log">${visibleLines(log)}</pre>`}
${failed.length > 0 && html`<p class="fallen">Failed because of it:</p>${links.list(failed, 12)}`}
${fallen.length > 0 && html`<p class="fallen">Did not run because of it:</p>${links.list(fallen, 12)}`}
<p class="actions">${place !== undefined && html`<a href="${links.href(task.taskName) ?? ""}">What it waited for</a> <button type="button" data-copy="${place}" hidden>Copy as Markdown</button>`}</p>
</details>`;
}

function nameOf(task: TaskStatistics): Markup {
  return html`<code>${cut(visible(labelOf(task)), 160)}</code>`;
}

function planSection(issues: NonNullable<SerializedReport["planIssues"]>): Markup {
  return html`<section id="failures" aria-labelledby="failures-title">
<h2 id="failures-title">What is wrong with the plan <span class="count">${issues.length}</span></h2>
<ol class="issues">${issues.slice(0, NAMED).map(
    (issue) => html`<li><p>${visibleMessage(issue.message)}</p>
${issue.path.length > 0 && html`<p class="path">${issue.path.map((step, index) => html`${index > 0 && " → "}<code>${cut(visible(step), 160)}</code>`)}</p>`}
${issue.suggestion !== undefined && html`<p class="hint">Try <code>${cut(visible(issue.suggestion), 300)}</code>.</p>`}</li>`,
  )}</ol>
${issues.length > NAMED && html`<p class="hint">and ${issues.length - NAMED} more</p>`}
</section>`;
}

/**
 * One entry for one failure: a map or a flow that failed for what is inside of it is told with what failed it, when both are
 * in the list. By name of the first cause.
 */
function byFirstCause(
  tasks: readonly TaskStatistics[],
  first: FirstCauses,
): [TaskStatistics[], Map<string, string[]>] {
  const names = new Set(tasks.map(({ taskName }) => taskName));
  const made = new Map<string, string[]>();
  const own = tasks.filter((task) => {
    const { taskName, reason, releaseError } = task;
    if (!failsForInside(task) || reason !== undefined || releaseError !== undefined) return true;
    const cause = first.of(taskName);
    if (cause === taskName || !names.has(cause)) return true;
    const others = made.get(cause);
    if (others === undefined) made.set(cause, [taskName]);
    else others.push(taskName);
    return false;
  });
  return [own, made];
}

function fallenBecauseOf(report: SerializedReport): Map<string, string[]> {
  const fallen = new Map<string, string[]>();
  for (const { taskName, reason } of report.taskStatistics) {
    const root =
      reason?.kind === "dependency"
        ? reason.root
        : reason?.kind === "failure"
          ? reason.task
          : undefined;
    if (root === undefined) continue;
    const names = fallen.get(root);
    if (names === undefined) fallen.set(root, [taskName]);
    else names.push(taskName);
  }
  return fallen;
}
