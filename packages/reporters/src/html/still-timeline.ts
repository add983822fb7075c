/**
 * The timeline as a picture that needs no script, and that is printed: a row per slot, what completed, what failed and what
 * ended otherwise, and the critical path as a line under it. Attempts closer than a pixel are drawn as one.
 */
import { tenth } from "../layout/coordinates.ts";
import { duration } from "../wording/duration.ts";
import { html, type Markup } from "./markup.ts";
import { ATTEMPT_STATUSES, type PageData } from "./page-data.ts";

const ROWS = 48;
const ROW = 12;
const WIDE = 1000;

type Look = "completed" | "failed" | "other" | "critical";

const FILL: Readonly<Record<Look, string>> = {
  completed: "#8dc3b4",
  failed: "#c2362b",
  other: "#b7791f",
  critical: "#16352e",
};

export function stillTimeline(data: PageData): Markup | undefined {
  const { attempts, endUs, lanes } = data;
  if (attempts.task.length === 0) return undefined;
  const rows = Math.min(lanes, ROWS);
  const paths: Record<Look, string> = { completed: "", failed: "", other: "", critical: "" };
  const open: Record<Look, Stroke[]> = { completed: [], failed: [], other: [], critical: [] };
  const scale = WIDE / Math.max(1, endUs);
  const close = (look: Look, row: number): void => {
    const stroke = open[look][row];
    if (stroke === undefined) return;
    const width = Math.max(look === "failed" ? 2 : 1, stroke.to - stroke.from - 0.5);
    const [top, tall] = look === "critical" ? [row * ROW + 9, 2] : [row * ROW + 1, 8];
    paths[look] += `M${tenth(stroke.from)} ${top}h${tenth(width)}v${tall}h-${tenth(width)}z`;
  };
  const add = (look: Look, row: number, from: number, to: number): void => {
    const stroke = open[look][row];
    if (stroke !== undefined && from - stroke.to < 1 && to - stroke.from < 10) {
      stroke.to = Math.max(stroke.to, to);
      return;
    }
    close(look, row);
    open[look][row] = { from, to };
  };
  attempts.lane.forEach((row, index) => {
    if (row >= rows) return;
    const from = (attempts.startUs[index] ?? 0) * scale;
    const to = (attempts.endUs[index] ?? 0) * scale;
    const status = ATTEMPT_STATUSES[attempts.status[index] ?? 0];
    add(status === "completed" || status === "failed" ? status : "other", row, from, to);
    if (attempts.critical[index] === 1) add("critical", row, from, to);
  });
  for (const look of Object.keys(open) as Look[])
    for (let row = 0; row < rows; row++) close(look, row);
  const height = rows * ROW;
  const instants = [0, 0.25, 0.5, 0.75, 1].map((share) => duration((share * endUs) / 1000));
  return html`<figure class="still"><svg class="still" viewBox="0 0 ${WIDE} ${height}" width="100%" height="${height}" preserveAspectRatio="none" role="img" aria-label="Which slot was busy when, the critical path underlined">${(Object.keys(paths) as Look[]).map((look) => html`<path class="still-${look}" d="${paths[look]}" fill="${FILL[look]}"/>`)}</svg>
<div class="axis">${instants.map((instant) => html`<span>${instant}</span>`)}</div>
<figcaption class="hint">${lanes === rows ? "Each row is a slot" : `The first ${rows} of ${lanes} slots, a row each`}: what ran there, red where it failed, and a line under what was on the critical path.</figcaption></figure>`;
}

interface Stroke {
  readonly from: number;
  to: number;
}
