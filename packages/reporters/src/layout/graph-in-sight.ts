/**
 * The planned graph, as much of it as one picture can hold: each map and subflow is one box; of many tasks those with the same
 * neighbours share one; of more than that only the critical path, what failed, and their neighbours are left. An arrow that
 * follows from others is left out. Knows no pixels.
 */
import type { SerializedReport } from "@astrum/core";
import { count } from "../wording/counts.ts";
import { foldedViews, type GraphArrow, type GraphBox } from "./graph-view.ts";

export interface GraphInSight {
  readonly boxes: readonly GraphBox[];
  readonly arrows: readonly GraphArrow[];
  /** What is not seen, as a sentence; empty for all of it. */
  readonly note: string;
}

/** So many boxes are read one by one. */
const READ = 40;
/** More of them, or so many arrows, are no picture, and take seconds to lay out. */
const MOST = 150;
const MOST_ARROWS = 400;
const SHARED = "Tasks with the same neighbours share a box.";
/** Of a larger graph: so many boxes, so many failures, and of each task so many neighbours. */
const KEPT = 60;
const FAILED = 8;
const BESIDE = 6;

export function graphInSight(report: SerializedReport): GraphInSight {
  const [each, shared] = foldedViews(report);
  const seen = each.boxes.length <= READ ? each : shared;
  if (seen.boxes.length <= MOST) {
    const arrows = reduced(seen.boxes.length, seen.arrows);
    if (arrows.length <= MOST_ARROWS)
      return { boxes: seen.boxes, arrows, note: seen === each ? "" : SHARED };
  }
  return neighbourhood(each.boxes, each.arrows);
}

/** What failed, then the critical path from its end, each with what is beside it, as long as there is room. */
function neighbourhood(boxes: readonly GraphBox[], arrows: readonly GraphArrow[]): GraphInSight {
  const beside: number[][] = boxes.map(() => []);
  for (const { from, to } of arrows) {
    beside[from]?.push(to);
    beside[to]?.push(from);
  }
  const places = Array.from(boxes.keys());
  const failed = places.filter((place) => boxes[place]?.status === "failed");
  const critical = places.filter((place) => boxes[place]?.critical === true).reverse();
  const kept = new Set<number>();
  for (const seed of [...failed.slice(0, FAILED), ...critical]) {
    const near = beside[seed]?.slice(0, BESIDE) ?? [];
    for (const place of [seed, ...near]) if (kept.size < KEPT) kept.add(place);
  }
  const order = Array.from(kept).sort((a, b) => a - b);
  const numbers = new Map(order.map((place, index) => [place, index]));
  const own = arrows.flatMap((arrow) => {
    const from = numbers.get(arrow.from);
    const to = numbers.get(arrow.to);
    return from === undefined || to === undefined ? [] : [{ ...arrow, from, to }];
  });
  return {
    boxes: order.flatMap((place) => boxes[place] ?? []),
    arrows: reduced(order.length, own),
    note: `This is a part of ${count(boxes.length)} tasks, maps and flows: what failed first, the end of the critical path, and some of what is beside them.`,
  };
}

/** Without the arrows that a longer way says as well. The critical path keeps all of its own. */
function reduced(count: number, arrows: readonly GraphArrow[]): GraphArrow[] {
  const after: number[][] = Array.from({ length: count }, () => []);
  for (const { from, to } of arrows) after[from]?.push(to);
  return arrows.filter(({ from, to, critical }) => {
    if (critical) return true;
    const left = (after[from] ?? []).filter((other) => other !== to);
    const seen = new Set(left);
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      for (const next of after[at] ?? []) {
        if (next === to) return false;
        // A report from elsewhere may go in circles.
        if (seen.has(next)) continue;
        seen.add(next);
        left.push(next);
      }
    }
    return true;
  });
}
