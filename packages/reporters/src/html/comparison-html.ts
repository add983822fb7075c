/**
 * Two runs compared, as one page that asks for nothing and has no script: the verdict, what changed along the critical path,
 * both runs on one time scale, and what else changed.
 */
import type { SerializedReport } from "@astrum/core";
import { checkOptions } from "astrum-options";
import {
  COMPARE_RULES,
  type CompareOptions,
  compareReports,
  type ReportComparison,
} from "../asking/compare.ts";
import type { ComparisonVerdict } from "../asking/comparison-verdict.ts";
import { changeText } from "../asking/comparison-verdict.ts";
import { type ComparisonTable, comparisonTables, PATH_TITLE } from "../layout/comparison-rows.ts";
import { count } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { redacted } from "../wording/redact.ts";
import { cut, visible, visibleName } from "../wording/visible.ts";
import { comparisonPathSection } from "./comparison-path-section.ts";
import { comparisonTimelineSection } from "./comparison-timeline-section.ts";
import { html, type Markup } from "./markup.ts";
import { stillPage } from "./still-page.ts";

const SIGN: Readonly<Record<ComparisonVerdict["is"], string>> = {
  broken: "✗",
  slower: "▲",
  faster: "▼",
  same: "=",
  unknown: "?",
};

const WORD: Readonly<Record<ComparisonVerdict["is"], string>> = {
  broken: "is broken",
  slower: "is slower",
  faster: "is faster",
  same: "is as fast as before",
  unknown: "cannot be compared",
};

/**
 * Takes what `compareReports` takes. Names and keys stand in it as text; values of tasks and errors are not in it.
 *
 * @throws TypeError for what is no report, and for options that are unknown or not what they may be.
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { renderComparisonHtml } from "@astrum/reporters";
 *
 * writeFileSync("compared.html", renderComparisonHtml(before, after));
 * ```
 */
export function renderComparisonHtml(
  before: AnyReport,
  after: AnyReport,
  options: CompareOptions = {},
): string {
  checkOptions("renderComparisonHtml", options, COMPARE_RULES);
  const comparison = compareReports(before, after, options);
  const [then, now] = [redacted(before, options.redact), redacted(after, options.redact)];
  const { is } = comparison.verdict;
  const name = visibleName(now.run.flow || now.run.id);
  return stillPage({
    title: cut(`${name} ${WORD[is]}`, 200),
    state:
      is === "broken" ? "failed" : is === "slower" || is === "unknown" ? "cancelled" : "completed",
    header: header(name, comparison, then, now),
    main: html`${comparisonPathSection(comparison)}
${comparisonTimelineSection(then, now, comparison)}
${others(comparison)}`,
    madeFor: "two runs",
  });
}

function header(
  name: string,
  { verdict, makespan }: ReportComparison,
  before: SerializedReport,
  after: SerializedReport,
): Markup {
  const look = verdict.is === "broken" ? "failed" : verdict.is;
  return html`<header class="summary ${look}">
<div class="verdict">
<span class="seal" aria-hidden="true">${SIGN[verdict.is]}</span>
<div>
<h1>${name} <span class="state">${WORD[verdict.is]}</span></h1>
<p class="lead">${verdict.sentence}</p>
<p class="meta">after: ${run(after)}</p>
<p class="meta">before: ${run(before)}</p>
</div>
</div>
<dl class="figures">${figure("before", duration(makespan.beforeMs))}${figure("after", duration(makespan.afterMs))}${figure("change", changeText(makespan.changeMs))}</dl>
</header>`;
}

function run({ run: { id, flow, startedAt }, executionState }: SerializedReport): Markup {
  const of = flow === undefined || flow === "" ? "" : ` of ${visible(flow)}`;
  return html`run <code>${visible(id)}</code>${of}, <time datetime="${visible(startedAt)}">${visible(startedAt)}</time>, ${executionState}`;
}

function figure(term: string, value: string): Markup {
  return html`<div><dt>${term}</dt><dd>${value}</dd></div>`;
}

/** All but the path, which has a section of its own. */
function others(comparison: ReportComparison): Markup | undefined {
  const tables = comparisonTables(comparison).filter(({ title }) => title !== PATH_TITLE);
  return tables.length === 0 ? undefined : html`<div class="columns">${tables.map(section)}</div>`;
}

function section({ title, columns, rows, more }: ComparisonTable): Markup {
  const numbers = columns.length - 1;
  const head = columns.map((column, at) => cell("th", column, at < numbers));
  return html`<section>
<h2>${title.replace(/:$/, "")}</h2>
<table><thead><tr>${head}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((text, at) => (at < numbers ? cell("td", text, true) : html`<td><code>${cut(text, 160)}</code></td>`))}</tr>`)}</tbody></table>
${more > 0 && html`<p class="hint">and ${count(more)} more</p>`}
</section>`;
}

function cell(kind: "th" | "td", text: string, isNumber: boolean): Markup {
  if (kind === "td") return html`<td class="number">${text}</td>`;
  return html`<th scope="col"${isNumber && html` class="number"`}>${text}</th>`;
}
