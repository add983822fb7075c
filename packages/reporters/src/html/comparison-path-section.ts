/** What changed along the critical path, from the time before to the time now: its rows add up. */

import type { ReportComparison } from "../asking/compare.ts";
import { changeText, partText } from "../asking/comparison-verdict.ts";
import { tenth } from "../layout/coordinates.ts";
import { count } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { cut } from "../wording/visible.ts";
import { html, type Markup } from "./markup.ts";

const SHOWN = 12;
const WIDE = 1000;

interface Step {
  readonly what: Markup;
  readonly before: string;
  readonly after: string;
  readonly changeMs: number;
}

export function comparisonPathSection({ path, makespan }: ReportComparison): Markup | undefined {
  if (path.length === 0) return undefined;
  const shown = path.length <= SHOWN + 1 ? path : path.slice(0, SHOWN);
  const rest = path.slice(shown.length);
  const steps: Step[] = shown.map((part) => ({
    what: name(partText(part), part.task !== undefined),
    before: duration(part.beforeMs),
    after: duration(part.afterMs),
    changeMs: part.changeMs,
  }));
  if (rest.length > 0) {
    steps.push({
      what: html`<i>${count(rest.length)} smaller changes together</i>`,
      before: duration(sum(rest.map(({ beforeMs }) => beforeMs))),
      after: duration(sum(rest.map(({ afterMs }) => afterMs))),
      changeMs: sum(rest.map(({ changeMs }) => changeMs)),
    });
  }
  const { beforeMs, afterMs, changeMs } = makespan;
  const scale = scaleOf(steps, beforeMs, afterMs);
  let at = beforeMs;
  const rows = steps.map(({ what, before, after, changeMs: change }) => {
    const from = at;
    at += change;
    return html`<tr><td>${what}</td><td class="picture">${floating(from, at, scale)}</td><td class="number">${before}</td><td class="number">${after}</td><td class="number">${changeText(change)}</td></tr>`;
  });
  return html`<section id="path" aria-labelledby="path-title">
<h2 id="path-title">What changed along the critical path</h2>
<p class="hint">The critical path is all of the time that a run takes, so its changes add up to the change of the run. Items of a map are told together, and so is what waited for the same.</p>
<table class="pair"><thead><tr><th scope="col">what</th><th scope="col" class="picture">from ${duration(beforeMs)} to ${duration(afterMs)}</th><th scope="col" class="number">before</th><th scope="col" class="number">after</th><th scope="col" class="number">change</th></tr></thead>
<tbody>${rows}<tr class="sum"><td>all of it</td><td class="picture">${floating(beforeMs, afterMs, scale, "change-whole")}</td><td class="number">${duration(beforeMs)}</td><td class="number">${duration(afterMs)}</td><td class="number">${changeText(changeMs)}</td></tr></tbody></table>
</section>`;
}

interface Scale {
  readonly from: number;
  readonly perMs: number;
}

/** What all steps pass through. */
function scaleOf(steps: readonly Step[], beforeMs: number, afterMs: number): Scale {
  const stations = [beforeMs, afterMs];
  let at = beforeMs;
  for (const { changeMs } of steps) {
    at += changeMs;
    stations.push(at);
  }
  const from = Math.min(...stations);
  const span = Math.max(...stations) - from;
  return { from, perMs: span === 0 ? 0 : WIDE / span };
}

function floating(fromMs: number, toMs: number, { from, perMs }: Scale, look?: string): Markup {
  const more = toMs > fromMs;
  const x = (Math.min(fromMs, toMs) - from) * perMs;
  const width = Math.max(3, Math.abs(toMs - fromMs) * perMs);
  const colour = look !== undefined ? "#8d8a84" : more ? "#c2362b" : "#1d7763";
  return html`<svg viewBox="0 0 ${WIDE} 14" width="100%" height="14" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="${look ?? (more ? "change-more" : "change-less")}" x="${tenth(Math.min(x, WIDE - 3))}" y="1" width="${tenth(width)}" height="12" fill="${colour}"/></svg>`;
}

function name(text: string, isTask: boolean): Markup {
  return isTask ? html`<code>${cut(text, 120)}</code>` : html`${text}`;
}

function sum(list: readonly number[]): number {
  return Math.round(list.reduce((total, one) => total + one, 0) * 1000) / 1000;
}
