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
  const shown = failures.slice(0, SHOWN);
  const more = failures.slice(SHOWN);
  const entry = (task: TaskStatistics, index: number): Markup => {
    const { taskName, reason } = task;
    const forInside = failsForInside(task) && reason === undefined;
    const cause = forInside ? first.of(taskName) : taskName;
    return failure(
      task,
      index < OPEN && !(isFlow(task) && failsForInside(task)),
      cause === taskName ? undefined : cause,
      // An item that failed its map took down what waited for that, which is told once.
      cause === taskName ? first.begunBy(cause).flatMap((one) => fallen.get(one) ?? []) : [],
      errors,
      links,
    );
  };
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
${tolerated.slice(0, WARNED).map((task) => entry(task, OPEN))}
${
  tolerated.length > WARNED &&
  html`<details class="more"><summary>${plural(tolerated.length - WARNED, "more warning")}</summary>${tolerated
    .slice(WARNED, LISTED)
    .map((task) => entry(task, OPEN))}${
    tolerated.length > LISTED &&
    links.list(
      tolerated.slice(LISTED).map(({ taskName }) => taskName),
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

function failure(
  task: TaskStatistics,
  open: boolean,
  cause: string | undefined,
  fallen: readonly string[],
  errors: ErrorTexts,
  links: TaskLinks,
): Markup {
  const error = errorOf(task);
  const title =
    error === undefined || isUnreleased(task) ? reasonText(task, TITLE) : errorTitle(error, TITLE);
  const facts = [
    task.attemptCount > 1 ? plural(task.attemptCount, "attempt") : "",
    task.endAt === null ? "" : `after ${duration(task.endAt)}`,
    cause === undefined ? "" : `because of ${cut(visibleName(links.label(cause)), 80)}`,
    fallen.length > 0 ? `took ${plural(fallen.length, "task")} down` : "",
    task.fallback === true ? toleratedText(task) : "",
  ].filter((fact) => fact !== "");
  const place = links.place(task.taskName);
  const text = errors.of(error);
  const log = logText(task, 100);
  return html`<details class="failure${task.tolerated === true && " warning"}"${open && html` open`}>
<summary>${task.releaseError === undefined ? statusMark(task.status, lookOf(task)) : statusMark("failed")} ${nameOf(task)}${facts.length > 0 && html` <span class="facts">${facts.join(" · ")}</span>`}<span class="message">${visibleMessage(title)}</span></summary>
${cause !== undefined && html`<p class="fallen">The first cause: ${links.to(cause)}</p>`}
${text !== "" && html`<pre>${text}</pre>`}
${log !== "" && html`<p class="fallen">What it said last:</p><pre class="log">${visibleLines(log)}</pre>`}
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
