/** How hot a cell of a strip is, and which strips there is room for. Knows no syntax. */
import type { Cell, ManyRuns, Strip } from "../asking/many-runs.ts";
import { duration } from "../wording/duration.ts";

/** From nothing to the longest that the task took: 0 to 7. None of what did not complete. */
export function heatOf({ ms }: Cell, { mostMs }: Strip): number | undefined {
  if (ms === undefined || mostMs === undefined) return undefined;
  return mostMs === 0 ? 0 : Math.min(7, Math.floor((8 * ms) / mostMs));
}

/** `300 ms to 1.2 s`. */
export function spanText({ leastMs, mostMs }: Strip): string {
  if (leastMs === undefined || mostMs === undefined) return "";
  const [least, most] = [duration(leastMs), duration(mostMs)];
  return least === most ? most : `${least} to ${most}`;
}

/** Those that took longest, in the order of the plan. */
export function longestStrips({ tasks }: ManyRuns, most: number): readonly Strip[] {
  if (tasks.length <= most) return tasks;
  const longest = tasks.toSorted((a, b) => (b.mostMs ?? 0) - (a.mostMs ?? 0)).slice(0, most);
  const shown = new Set(longest);
  return tasks.filter((strip) => shown.has(strip));
}

/** `nightly: 9 runs`. */
export function stripTitle({ runs }: ManyRuns): string {
  const flow = runs.at(-1)?.run.flow ?? "";
  const count = `${runs.length} ${runs.length === 1 ? "run" : "runs"}`;
  return flow === "" ? count : `${flow}: ${count}`;
}
