/** The ten slowest tasks and the flaky ones. */

import type { Insight } from "../asking/insight.ts";
import { count, plural } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { attemptMessage, failedAttempts } from "../wording/outcome.ts";
import { visibleMessage } from "../wording/visible.ts";
import { html, type Markup } from "./markup.ts";
import type { TaskLinks } from "./task-links.ts";
import { LOOK_COLOUR, lookOf } from "./task-look.ts";

export function slowestSection({ slowest }: Insight, links: TaskLinks): Markup | undefined {
  const longest = slowest[0]?.runMs ?? 0;
  if (slowest.length < 2 || longest === 0) return undefined;
  return html`<section id="slowest" aria-labelledby="slowest-title">
<h2 id="slowest-title">The slowest tasks</h2>
<table class="ranking slowest"><thead><tr><th scope="col" class="number">ran</th><th scope="col">task</th></tr></thead>
<tbody>${slowest.map(
    (task) =>
      html`<tr><td class="number">${duration(task.runMs)}</td><td><div>${links.to(task.taskName)}${task.attemptCount > 1 && html` <small>in ${plural(task.attemptCount, "attempt")}</small>`}</div><svg class="share" viewBox="0 0 1000 8" width="100%" height="8" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect width="${Math.max(4, Math.round((1000 * task.runMs) / longest))}" height="8" class="fill-${lookOf(task)}" fill="${LOOK_COLOUR[lookOf(task)]}"/></svg></td></tr>`,
  )}</tbody></table>
</section>`;
}

export function flakySection(
  { flaky }: Insight,
  total: number,
  links: TaskLinks,
): Markup | undefined {
  if (flaky.length === 0) return undefined;
  return html`<section id="flaky" aria-labelledby="flaky-title">
<h2 id="flaky-title">Flaky: completed after failed attempts <span class="count">${count(Math.max(total, flaky.length))}</span></h2>
<table class="ranking"><thead><tr><th scope="col" class="number">failed</th><th scope="col">task and last error</th></tr></thead>
<tbody>${flaky.map((task) => {
    const last = task.attemptStatistics.findLast(({ status }) => status === "failed");
    const why = last && attemptMessage(last, 200);
    return html`<tr><td class="number">${failedAttempts(task)} of ${task.attemptCount}</td><td>${links.to(task.taskName)}${why !== undefined && html`<span class="message">${visibleMessage(why)}</span>`}</td></tr>`;
  })}</tbody></table>
${total > flaky.length && html`<p class="hint">and ${count(total - flaky.length)} more, in the list of tasks</p>`}
</section>`;
}
