/** What was running when the record of the run ended, for how long at least, and how to go on. */
import type { SerializedReport } from "@astrum/core";
import { count } from "../wording/counts.ts";
import { atLeast, cutOff, resumeText } from "../wording/ending.ts";
import { html, type Markup } from "./markup.ts";
import type { TaskLinks } from "./task-links.ts";

const SHOWN = 24;

/** Of an interrupted run only. */
export function cutOffSection(report: SerializedReport, links: TaskLinks): Markup | undefined {
  const resume = resumeText(report);
  if (resume === undefined) return undefined;
  const running = cutOff(report);
  const more = running.length - SHOWN;
  return html`<section id="cut-off" aria-labelledby="cut-off-title">
<h2 id="cut-off-title">Running when the record ended <span class="count">${count(running.length)}</span></h2>
${
  running.length > 0 &&
  html`<ul class="causes">${running
    .slice(0, SHOWN)
    .map(({ task, ms }) => html`<li>${links.to(task.taskName)} ${atLeast(ms)}</li>`)}</ul>`
}
${more > 0 && html`<p class="hint">and ${count(more)} more, in the list of tasks</p>`}
<p class="hint">${resume.split("`").map((text, at) => (at % 2 === 0 ? text : html`<code>${text}</code>`))}</p>
</section>`;
}
