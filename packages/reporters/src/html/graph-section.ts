/**
 * The planned graph as a picture, laid out when the page is written, so that it is there without scripts and on paper: a box is
 * a link to its task, and says how that ended and how long it took; the critical path is strong. Colours stand as attributes,
 * so that it is a picture where no style sheet is let in.
 */

import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { tenth } from "../layout/coordinates.ts";
import { graphInSight } from "../layout/graph-in-sight.ts";
import type { GraphBox } from "../layout/graph-view.ts";
import { layered, type Point } from "../layout/layered.ts";
import { count } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { Nesting } from "../wording/nesting.ts";
import { STATUS_SIGN } from "../wording/outcome.ts";
import { cut, visibleName } from "../wording/visible.ts";
import { html, type Markup } from "./markup.ts";
import { taskAddress } from "./task-address.ts";
import { LOOK_COLOUR, lookOf, type TaskLook } from "./task-look.ts";

const NAME = 30;
const HEIGHT = 38;
const ARROW = 7;
const ORIGIN: Point = { x: 0, y: 0 };
/** Pixels of a letter, of the name and of the line below it. */
const LETTER = 7.3;
const SMALL = 6;

/** A box as it is written. */
interface Drawn {
  readonly name: string;
  /** How it ended, how long it took, how much is inside. */
  readonly fact: string;
  readonly look: TaskLook;
  readonly critical: boolean;
  readonly href: string;
  /** Places of the tasks at the top that it stands for, `3-9,12`. */
  readonly places: string;
}

/** Nothing to see where nothing depends on anything. */
export function graphSection(report: SerializedReport): Markup | undefined {
  const { boxes, arrows, note } = graphInSight(report);
  if (arrows.length === 0) return undefined;
  const nesting = Nesting.of(report);
  const drawn = boxes.map((box) => drawnBox(report, nesting, box));
  const sizes = drawn.map(({ name, fact }) => ({
    width: Math.round(Math.max(letters(name) * LETTER, letters(fact) * SMALL) + 24),
    height: HEIGHT,
  }));
  const picture = layered(sizes, arrows);
  const width = Math.ceil(picture.width);
  const height = Math.ceil(picture.height);
  const lines: Record<"plain" | "dashed" | "critical", string> = {
    plain: "",
    dashed: "",
    critical: "",
  };
  const heads: Record<"plain" | "critical", string> = { plain: "", critical: "" };
  const side = (place: number, sign: 1 | -1): Point => {
    const { x, y } = picture.boxes[place] ?? ORIGIN;
    return { x: x + (sign * (sizes[place]?.width ?? 0)) / 2, y };
  };
  arrows.forEach(({ from, to, dashed, critical }, place) => {
    const end = side(to, -1);
    const tip = { x: end.x - ARROW, y: end.y };
    const gaps = picture.arrows[place]?.slice(1, -1) ?? [];
    // Between neighbouring layers there is nothing to go round.
    const points = [side(from, 1), ...(gaps.length > 1 ? gaps : []), tip];
    lines[critical ? "critical" : dashed ? "dashed" : "plain"] += curve(points);
    heads[critical ? "critical" : "plain"] += arrowHead(tip);
  });
  const hint = note === "" ? "" : `${note} `;
  return html`<h2 id="graph-title">What depends on what</h2>
<p class="hint">${hint}A map or a flow is one box; arrows that follow from others are left out; the critical path is strong.</p>
<div class="graph"><svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-labelledby="graph-title">
<path class="arrow" d="${lines.plain}" fill="none" stroke="#9a958c" stroke-width="1.2"/>
<path class="arrow" d="${lines.dashed}" fill="none" stroke="#9a958c" stroke-width="1.2" stroke-dasharray="4 3"/>
<path class="arrow-head" d="${heads.plain}" fill="#9a958c"/>
<path class="critical-arrow" d="${lines.critical}" fill="none" stroke="#16352e" stroke-width="2.4"/>
<path class="critical-head" d="${heads.critical}" fill="#16352e"/>
${drawn.map((box, place) => boxMarkup(box, sizes[place]?.width ?? 0, picture.boxes[place] ?? ORIGIN))}
</svg></div>`;
}

function drawnBox(report: SerializedReport, nesting: Nesting, box: GraphBox): Drawn {
  const atTop = new Set(box.tasks.map((place) => nesting.outermostOf(place)));
  const tops = Array.from(atTop);
  const rows = tops.flatMap((place) => report.taskStatistics[place] ?? []);
  const bad = rows.filter(({ status }) => status === "failed" || status === "abandoned");
  const worst = bad.find(({ tolerated }) => tolerated !== true) ?? bad[0];
  const first = (worst ?? rows[0]) as TaskStatistics;
  const place = tops[rows.indexOf(first)] ?? 0;
  const more = rows.length - 1;
  const inside = box.tasks.length - tops.length;
  const failed = box.tasks.filter(
    (one) => !atTop.has(one) && report.taskStatistics[one]?.status === "failed",
  ).length;
  const took = rows.reduce((longest, { durationMs }) => Math.max(longest, durationMs), 0);
  const facts = [
    `${STATUS_SIGN[first.status]} ${first.startAt === null ? first.status : duration(took)}`,
    inside > 0 ? `${count(inside)} inside` : "",
    failed > 0 ? `${count(failed)} failed` : "",
  ].filter((fact) => fact !== "");
  const name = cut(visibleName(first.taskName), NAME);
  return {
    name: more === 0 ? name : `${name} +${count(more)}`,
    fact: facts.join(", "),
    look: lookOf(first),
    critical: box.critical,
    href: taskAddress(visibleName(first.taskName), place),
    places: ranges(tops),
  };
}

function boxMarkup(box: Drawn, width: number, { x, y }: Point): Markup {
  const { name, fact, look, critical, href, places } = box;
  const left = Math.round(x - width / 2);
  const top = Math.round(y - HEIGHT / 2);
  const said = `${name} ${fact}, ${look}${critical ? ", on the critical path" : ""}`;
  return html`<a href="${href}" class="box${critical && " critical"}" data-places="${places}" aria-label="${said}"><rect class="ground" x="${left}" y="${top}" width="${width}" height="${HEIGHT}" rx="5" fill="#ffffff" stroke="${critical ? "#16352e" : "#cfcac0"}" stroke-width="${critical ? 2 : 1}"/><rect class="fill-${look}" x="${left + 1}" y="${top + 6}" width="4" height="${HEIGHT - 12}" rx="2" fill="${LOOK_COLOUR[look]}"/><text class="name" x="${left + 13}" y="${top + 16}" font-family="monospace" font-size="12" fill="#1b2124">${name}</text> <text class="fact" x="${left + 13}" y="${top + 30}" font-family="sans-serif" font-size="11" fill="#596167">${fact}</text></a>
`;
}

/** From the right side of a box to the left side of another, through the gaps that the layout kept for it. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${at(first)}`;
  let from = first;
  for (const to of rest) {
    const middle = (from.x + to.x) / 2;
    path += `C${at({ x: middle, y: from.y })} ${at({ x: middle, y: to.y })} ${at(to)}`;
    from = to;
  }
  return path;
}

function arrowHead({ x, y }: Point): string {
  return `M${at({ x: x + ARROW, y })}l-${ARROW} -3.5v7z`;
}

function at({ x, y }: Point): string {
  return `${tenth(x)} ${tenth(y)}`;
}

/** Of neighbours the first and the last. */
function ranges(places: readonly number[]): string {
  const sorted = places.toSorted((a, b) => a - b);
  const parts: [number, number][] = [];
  for (const place of sorted) {
    const last = parts.at(-1);
    if (last !== undefined && last[1] === place - 1) last[1] = place;
    else parts.push([place, place]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

/** Letters of East Asian scripts and pictures are as wide as two. */
function letters(text: string): number {
  let wide = 0;
  for (const letter of text) wide += (letter.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
  return wide;
}
