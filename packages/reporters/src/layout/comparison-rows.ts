/** The parts of a comparison that people are shown, in which order and how many. Knows no syntax. */

import type { ReportComparison } from "../asking/compare.ts";
import { changeText, partText } from "../asking/comparison-verdict.ts";
import { duration } from "../wording/duration.ts";
import { visible, visibleName } from "../wording/visible.ts";

export interface ComparisonTable {
  readonly title: string;
  readonly columns: readonly string[];
  /** Names are safe to show; the last column is the name. */
  readonly rows: readonly (readonly string[])[];
  readonly more: number;
}

const SHOWN = 10;

/** Of the one table that adds up. */
export const PATH_TITLE = "Along the critical path, adding up to the change:";

/** `nightly: run b against run a`. */
export function comparisonTitle({ runs: { before, after } }: ReportComparison): string {
  const flow = after.flow === undefined || after.flow === "" ? "" : `${visible(after.flow)}: `;
  return `${flow}run ${visible(after.id)} against run ${visible(before.id)}`;
}

/** Those with rows. */
export function comparisonTables(comparison: ReportComparison): ComparisonTable[] {
  const { path, slower, faster, flakier, newlyCritical, statusChanged, added, removed } =
    comparison;
  const took = ["before", "after", "change", "task"];
  const times = (change: { beforeMs: number; afterMs: number; changeMs: number }): string[] => [
    duration(change.beforeMs),
    duration(change.afterMs),
    changeText(change.changeMs),
  ];
  return [
    table(PATH_TITLE, took, path, (part) => [...times(part), partText(part)]),
    table("Ended otherwise:", ["before", "after", "task"], statusChanged, (one) => [
      one.before,
      one.after,
      visibleName(one.task),
    ]),
    table("Slower by themselves:", took, slower, (one) => [...times(one), visibleName(one.task)]),
    table("Faster by themselves:", took, faster, (one) => [...times(one), visibleName(one.task)]),
    table("More failed attempts:", ["before", "after", "task"], flakier, (one) => [
      String(one.before),
      String(one.after),
      visibleName(one.task),
    ]),
    table("New on the critical path:", ["task"], newlyCritical, (name) => [visibleName(name)]),
    table("Added:", ["task"], added, (name) => [visibleName(name)]),
    table("Removed:", ["task"], removed, (name) => [visibleName(name)]),
  ].filter(({ rows }) => rows.length > 0);
}

function table<T>(
  title: string,
  columns: readonly string[],
  list: readonly T[],
  row: (one: T) => readonly string[],
): ComparisonTable {
  return {
    title,
    columns,
    rows: list.slice(0, SHOWN).map(row),
    more: Math.max(0, list.length - SHOWN),
  };
}
