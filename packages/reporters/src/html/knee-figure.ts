/**
 * How long the run would take by slots, as a small picture that needs no script: the number beyond which nothing is gained is
 * marked, and so is the number that it had. Simulates nothing itself.
 */

import type { SerializedReport } from "@astrum/core";
import type { Knee } from "@astrum/core/whatif";
import type { Advice } from "../asking/advice.ts";
import { tenth } from "../layout/coordinates.ts";
import { count, plural } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { html, type Markup } from "./markup.ts";

const WIDE = 320;
const HIGH = 96;
const LEFT = 6;
const RIGHT = 44;
const TOP = 14;
const BOTTOM = 20;
/** From here on slots are counted in doublings. */
const LINEAR = 16;

/** Nothing for a run of which never more than one attempt can run. */
export function kneeFigure(
  { run, analysis }: SerializedReport,
  { knee }: Advice,
): Markup | undefined {
  const { points, slots } = knee;
  const first = points[0];
  const last = points.at(-1);
  const marked = points.find((point) => point.slots === slots);
  if (first === undefined || last === undefined || marked === undefined || points.length < 2)
    return undefined;
  const most = Math.max(...points.map(({ makespanMs }) => makespanMs));
  const along = last.slots > LINEAR ? Math.log2 : (number: number): number => number - 1;
  const x = (number: number): number =>
    LEFT + ((WIDE - LEFT - RIGHT) * along(number)) / Math.max(1e-9, along(last.slots));
  const y = (ms: number): number => HIGH - BOTTOM - ((HIGH - TOP - BOTTOM) * ms) / most;
  const line = points
    .map(({ slots: number, makespanMs }, at) =>
      at === 0
        ? `M${tenth(x(number))} ${tenth(y(makespanMs))}`
        : `L${tenth(x(number))} ${tenth(y(makespanMs))}`,
    )
    .join("");
  const area = `${line}L${tenth(x(last.slots))} ${HIGH - BOTTOM}H${LEFT}z`;
  const had = points.find((point) => point.slots === run.config.concurrency);
  const alternative = points
    .map(({ slots: number, makespanMs }) => `${duration(makespanMs)} on ${number}`)
    .join(", ");
  const middle = x(slots);
  const anchor = middle < 40 ? "start" : middle > WIDE - RIGHT - 30 ? "end" : "middle";
  return html`<figure class="knee">
<svg viewBox="0 0 ${WIDE} ${HIGH}" width="${WIDE}" height="${HIGH}" role="img" aria-label="How long it would take by slots: ${alternative}">
<path class="knee-area" d="${area}" fill="#2c8571" fill-opacity="0.14"/>
<path class="knee-line" d="${line}" fill="none" stroke="#2c8571" stroke-width="1.5" stroke-linejoin="round"/>
<path class="knee-axis" d="M${LEFT} ${HIGH - BOTTOM}H${WIDE - RIGHT}" stroke="#9a958c" stroke-width="1"/>
<path class="knee-axis" d="M${tenth(middle)} ${tenth(y(marked.makespanMs))}V${HIGH - BOTTOM}" stroke="#9a958c" stroke-width="1" stroke-dasharray="2 3"/>
${had !== undefined && had.slots !== slots && html`<circle class="knee-had" cx="${tenth(x(had.slots))}" cy="${tenth(y(had.makespanMs))}" r="3.5" fill="#ffffff" stroke="#2c8571" stroke-width="1.5"/>`}
<circle class="knee-mark" cx="${tenth(middle)}" cy="${tenth(y(marked.makespanMs))}" r="4" fill="#2c8571"/>
<g class="knee-text" font-size="11" fill="#596167"><text x="${LEFT}" y="10">${duration(first.makespanMs)} on one</text><text x="${WIDE - RIGHT + 6}" y="${tenth(y(last.makespanMs) + 4)}">${duration(last.makespanMs)}</text><text x="${tenth(middle)}" y="${HIGH - 5}" text-anchor="${anchor}">${plural(slots, "slot")}</text></g>
</svg>
<figcaption>${kneeText(knee, had?.slots)} Its longest chain alone needs ${duration(analysis.bounds.dependencyMs)}.</figcaption>
</figure>`;
}

/** What a reader takes from it. */
function kneeText({ points, slots }: Knee, had: number | undefined): string {
  const best = points.reduce((least, { makespanMs }) => Math.min(least, makespanMs), Infinity);
  const exact = points.find((point) => point.slots === slots)?.makespanMs === best;
  const gain = exact ? "nothing is gained" : "less than 1 % is gained";
  const own = had === undefined || had === slots ? "" : ` It ran on ${count(had)}, the open dot.`;
  const number = slots === 1 ? "one slot" : `${count(slots)} slots`;
  return `Beyond ${number} ${gain}, with everything else as it was.${own}`;
}
