/**
 * What waited for what: the place of the timeline, the graph, the list of all tasks and the details. Without the script it is a picture
 * and a table; the script fills what is hidden here and takes their place.
 */
import type { SerializedReport } from "@astrum/core";
import { count } from "../wording/counts.ts";
import { html, type Markup } from "./markup.ts";
import type { PageData } from "./page-data.ts";
import { stillList } from "./still-list.ts";
import { stillTimeline } from "./still-timeline.ts";

/** `graph`: the picture of it, where there is one. */
export function workspace(
  report: SerializedReport,
  data: PageData,
  graph: Markup | undefined,
): Markup | undefined {
  if (report.totalTasks === 0) return undefined;
  const anyRan = data.attempts.task.length > 0;
  return html`<section id="timeline" class="workspace" aria-labelledby="${anyRan ? "timeline-title" : "tasks-title"}" tabindex="-1">
${anyRan && html`<h2 id="timeline-title">What waited for what</h2>`}
<p id="missing" class="missing" role="status" hidden></p>
${stillTimeline(data)}
<div id="explorer" hidden></div>
<aside id="details" aria-label="Details of the selected task" tabindex="-1" hidden></aside>
${graph}
<h2 id="tasks-title">All tasks <span class="count" id="matches">${count(report.taskStatistics.length)}</span></h2>
<div id="tasks" hidden></div>
${stillList(report)}
</section>`;
}
