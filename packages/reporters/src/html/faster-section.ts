/** What would make it faster: each lever with what the run would then take, and what no number of slots can beat. */
import type { SerializedReport } from "@astrum/core";
import type { Lever } from "../asking/advice.ts";
import type { Insight } from "../asking/insight.ts";
import { adviceNote, leverPaste, leverText } from "../asking/lever-text.ts";
import { worthText } from "../asking/verdict.ts";
import { plural } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { cut, visibleName } from "../wording/visible.ts";
import { kneeFigure } from "./knee-figure.ts";
import { html, type Markup } from "./markup.ts";
import type { TaskLinks } from "./task-links.ts";

export function fasterSection(
  report: SerializedReport,
  seen: Insight,
  links: TaskLinks,
): Markup | undefined {
  const { advice, criticalPath, makespanMs } = seen;
  if (criticalPath.length === 0 || makespanMs === 0 || advice === undefined) return undefined;
  const { levers } = advice;
  const row = (lever: Lever): Markup =>
    html`<tr><td>${what(lever, links)}</td><td class="number">${duration(lever.makespanMs)}</td><td class="number"><b>${duration(lever.savedMs)}</b> <small>${Math.round((100 * lever.savedMs) / advice.asRunMs)} %</small></td></tr>`;
  return html`<section id="faster" aria-labelledby="faster-title">
<h2 id="faster-title">What would make it faster</h2>
${bounds(report, seen)}
${levers.length > 0 && html`<table class="levers"><thead><tr><th scope="col">if</th><th scope="col" class="number">it takes</th><th scope="col" class="number">and saves</th></tr></thead><tbody>${levers.map(row)}</tbody></table>`}
<p class="hint">${levers.length === 0 && `Nothing that the run had would have saved anything ${worthText(advice)}. `}${adviceNote(advice)}</p>
${kneeFigure(report, advice)}
</section>`;
}

function what(lever: Lever, links: TaskLinks): Markup {
  const { kind, name } = lever;
  const [before, after] = leverText(lever);
  const paste = leverPaste(lever);
  const linked = kind === "task" || kind === "map";
  return html`${before}${name !== "" && (linked ? links.to(name) : html`<code>${cut(visibleName(name), 120)}</code>`)}${after}${paste !== undefined && html`: <code>${paste}</code>`}`;
}

function bounds(report: SerializedReport, { makespanMs, heldBack }: Insight): Markup {
  const { dependencyMs, workMs } = report.analysis.bounds;
  const { concurrency } = report.run.config;
  const bars: [string, number, string][] = [["it took", makespanMs, "#2c8571"]];
  if (workMs !== null && concurrency !== null) {
    bars.push([
      `this work on ${concurrency === 1 ? "one slot" : plural(concurrency, "slot")}, at least`,
      workMs,
      "#5b7fb5",
    ]);
  }
  const limits = heldBack.some(({ limit }) => limit === "map") ? ", its maps at their limits," : "";
  bars.push([
    `its longest chain${limits} on any number of slots, at least`,
    dependencyMs,
    "#9a958c",
  ]);
  const longest = Math.max(...bars.map(([, ms]) => ms));
  return html`<ul class="bounds">${bars.map(
    ([what, ms, colour]) =>
      html`<li><span>${what}</span> <b>${duration(ms)}</b><svg class="share" viewBox="0 0 1000 8" width="100%" height="8" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect width="${Math.max(4, Math.round((1000 * ms) / longest))}" height="8" fill="${colour}"/></svg></li>`,
  )}</ul>`;
}
