/** What did not run, by cause. Those that a failure took down stand with the failure as well; here is all of it. */
import type { SerializedReport } from "@astrum/core";
import { notRunByCause } from "../asking/not-run.ts";
import { count, plural } from "../wording/counts.ts";
import { cut, visibleMessage, visibleName } from "../wording/visible.ts";
import { FirstCauses } from "./first-cause.ts";
import { html, type Markup } from "./markup.ts";
import { statusMark, type TaskLinks } from "./task-links.ts";

const CAUSES = 20;
const NAMES = 24;

export function notRunSection(report: SerializedReport, links: TaskLinks): Markup | undefined {
  if (report.planIssues !== undefined) return undefined;
  const list = notRunByCause(report);
  if (list.length === 0) return undefined;
  const first = new FirstCauses(report);
  const total = list.reduce((sum, { names }) => sum + names.length, 0);
  return html`<section id="not-run" aria-labelledby="not-run-title">
<h2 id="not-run-title">What did not complete, by cause <span class="count">${count(total)}</span></h2>
<ul class="causes">${list
    .slice(0, CAUSES)
    .map(
      ({ status, root, text, names }) =>
        html`<li><details><summary>${statusMark(status)} <b>${count(names.length)}</b> <span class="cause">${root === undefined ? sentence(text) : html`because <code>${cut(visibleName(root), 120)}</code> did not complete`}</span></summary>${root !== undefined && html`<p class="fallen">The first cause: ${firstCause(root, first.of(root), links)}</p>`}${links.list(names, NAMES)}</details></li>`,
    )}</ul>
${list.length > CAUSES && html`<p class="hint">and ${plural(list.length - CAUSES, "more cause")}</p>`}
</section>`;
}

function firstCause(root: string, first: string, links: TaskLinks): Markup {
  if (first === root) return links.to(root);
  return html`${links.to(first)}, inside of ${links.to(root)}`;
}

function sentence(text: string): string {
  return text === "" ? "for no recorded reason" : cut(visibleMessage(text), 200);
}
