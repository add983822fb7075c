/**
 * The place of the panel in which the run is tried with other numbers. The script fills it; without the script it is not there,
 * and what it would say of slots is the knee beside the advice. Of a run that cannot be tried it says why.
 */
import type { SerializedReport } from "@astrum/core";
import type { Advice } from "../asking/advice.ts";
import { notSimulated } from "../asking/not-simulated.ts";
import { busyText } from "../asking/verdict.ts";
import { html, type Markup } from "./markup.ts";
import type { Simulated } from "./study-facts.ts";

/** What the page must be told to try the run; nothing where there is nothing to try. */
export function trial(report: SerializedReport, advice: Advice | undefined): Simulated | undefined {
  if (advice === undefined || report.totalAttempts < 2) return undefined;
  const mostSlots = advice.knee.points.at(-1)?.slots ?? 1;
  const { busyCores } = advice;
  return { mostSlots, busy: busyCores === undefined ? undefined : busyText(busyCores) };
}

export function whatIfSection(
  report: SerializedReport,
  tried: Simulated | undefined,
): Markup | undefined {
  if (report.totalTasks === 0) return undefined;
  return html`<section id="what-if" aria-labelledby="what-if-title"${tried !== undefined && html` hidden`}>
<h2 id="what-if-title">What if</h2>
${tried === undefined && html`<p class="hint">${notSimulated(report)}</p>`}
</section>`;
}
