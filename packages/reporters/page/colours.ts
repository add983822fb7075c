/** Which colour the bar of a task has: as it ended, or that of its map or flow, or of its first tag. Knows no canvas. */
import { NONE } from "../src/html/page-data.ts";
import type { Run } from "./run.ts";

export const COLOURINGS = ["outcome", "map", "tag"] as const;
export type Colouring = (typeof COLOURINGS)[number];

/** More cannot be told apart; the last one is for all others. */
export const HUES = 8;

export interface Colours {
  /** Place among the hues of the palette, or `NONE` where a bar is coloured as it ended. */
  hueOf(task: number): number;
  /** What the hues stand for, the most frequent first. */
  readonly names: readonly string[];
}

export function coloursOf(run: Run, colouring: Colouring): Colours {
  if (colouring === "outcome") return { hueOf: () => NONE, names: [] };
  const groupOf = (task: number): string => groupName(run, task, colouring);
  const counts = new Map<string, number>();
  for (let task = 0; task < run.taskCount; task++) {
    const group = groupOf(task);
    if (group !== "") counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const sorted = Array.from(counts)
    .sort((a, b) => b[1] - a[1])
    .map(([name]) => name);
  const own = sorted.length <= HUES ? sorted : sorted.slice(0, HUES - 1);
  const hues = new Map(own.map((name, hue) => [name, hue]));
  return {
    hueOf: (task) => {
      const group = groupOf(task);
      return group === "" ? NONE : (hues.get(group) ?? HUES - 1);
    },
    names: own.length < sorted.length ? [...own, `${sorted.length - own.length} others`] : own,
  };
}

/** Those by which bars of this run can be told apart. */
export function colouringsOf(run: Run): Colouring[] {
  return COLOURINGS.filter(
    (one) =>
      one === "outcome" || run.data.tasks.name.some((_, task) => groupName(run, task, one) !== ""),
  );
}

/** Empty for what belongs to none. */
function groupName(run: Run, task: number, colouring: Colouring): string {
  if (colouring === "tag") return run.text(run.data.tasks.tag[task]);
  const outermost = run.around(task).at(-1) ?? task;
  return outermost !== task || run.insideOf(task).length > 0 ? run.name(outermost) : "";
}
