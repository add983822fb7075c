/**
 * What the page must know of a run beside its columns to run it again on paper: what it was given, what tasks held, names as
 * they were written, instants that the timeline has moved. Everything is a list of the few to whom it applies. Simulates
 * nothing; `page/run-again.ts` makes a report of it.
 */
import type { SerializedReport, TaskStatistics } from "@astrum/core";
import type { TimelineBar } from "../layout/timeline.ts";
import { labelOf } from "../wording/label.ts";
import { microseconds } from "../wording/microseconds.ts";
import { visibleName } from "../wording/visible.ts";

type Config = SerializedReport["run"]["config"];
/** A task, by its place, and what it has. */
type Sparse<T> = readonly (readonly [task: number, value: T])[];

/** Places are those of `PageData`; lists of places are written as differences, which compress well. */
export interface StudyFacts {
  readonly config: Pick<
    Config,
    "concurrency" | "resources" | "rates" | "dispatch" | "longestFirst" | "keep"
  >;
  readonly planningUs: number;
  readonly totalUs: number;
  /** What no order and no number of slots and resources can beat. */
  readonly boundUs: number;
  /** How many run at once when there is no limit of slots: more of them change nothing. */
  readonly mostSlots: number;
  /** That the processor was full, in words, when it was: then more at once is no faster. */
  readonly busy?: string | undefined;
  /** In the order of declaration; empty when that is the order of the rows. */
  readonly declared: readonly number[];
  /** Of those that are called otherwise than their parent and index, or their shown name, says. */
  readonly name: Sparse<string>;
  /** Of items; `null` for one that is called an item and has none. */
  readonly index: Sparse<number | null>;
  readonly finallyTasks: readonly number[];
  readonly fallback: readonly number[];
  /** Skipped by their own condition. */
  readonly condition: readonly number[];
  /** How long a journal took to store its result. */
  readonly journalUs: Sparse<number>;
  readonly priority: Sparse<number>;
  readonly mapLimit: Sparse<number>;
  /** Who holds or spends something: a place in `units` each. */
  readonly holders: readonly number[];
  readonly held: readonly number[];
  readonly units: readonly Readonly<Record<string, number>>[];
  /** Attempts by place, where the timeline shows another instant than was measured. */
  readonly startUs: Sparse<number>;
  readonly endUs: Sparse<number | null>;
}

export interface Simulated {
  readonly mostSlots: number;
  readonly busy: string | undefined;
}

export function studyFacts(
  report: SerializedReport,
  bars: readonly TimelineBar[],
  { mostSlots, busy }: Simulated,
): StudyFacts {
  const rows = report.taskStatistics;
  const { concurrency, resources, rates, dispatch, longestFirst, keep } = report.run.config;
  const places = (has: (row: TaskStatistics) => boolean): number[] =>
    differences(rows.flatMap((row, place) => (has(row) ? [place] : [])));
  const sparse = <T>(of: (row: TaskStatistics) => T | undefined): Sparse<T> =>
    rows.flatMap((row, place) => {
      const value = of(row);
      return value === undefined ? [] : [[place, value] as const];
    });
  const expected = expectedIndex();
  const texts = new Map<string, number>();
  const holders = rows.flatMap(({ resources: units }, place) =>
    units === undefined ? [] : [{ place, unit: JSON.stringify(units) }],
  );
  for (const { unit } of holders) if (!texts.has(unit)) texts.set(unit, texts.size);
  return {
    config: {
      concurrency,
      dispatch,
      ...(resources && { resources }),
      ...(rates && { rates }),
      ...(longestFirst && { longestFirst }),
      ...(keep && { keep }),
    },
    planningUs: microseconds(report.planningDurationMs),
    totalUs: microseconds(report.totalDurationMs),
    boundUs: microseconds(report.analysis.bounds.dependencyMs),
    mostSlots,
    busy,
    declared: declaredOf(report),
    name: sparse((row) => (row.taskName === toldName(row) ? undefined : row.taskName)),
    index: sparse((row) => {
      const index = row.index ?? null;
      return index === expected(row) ? undefined : index;
    }),
    finallyTasks: places(({ role }) => role === "finally"),
    fallback: places(({ fallback }) => fallback === true),
    condition: places(({ reason }) => reason?.kind === "condition"),
    journalUs: sparse(({ journalMs }) => journalMs && microseconds(journalMs)),
    priority: sparse(({ priority }) => priority),
    mapLimit: sparse((row) => row.concurrency),
    holders: differences(holders.map(({ place }) => place)),
    held: holders.map(({ unit }) => texts.get(unit) ?? 0),
    units: Array.from(texts.keys(), (text) => JSON.parse(text) as Record<string, number>),
    startUs: bars.flatMap(({ attempt, startUs }, place) => {
      const measured = microseconds(attempt.startAt);
      return measured === startUs ? [] : [[place, measured] as const];
    }),
    endUs: bars.flatMap(({ attempt, endUs }, place) => {
      const measured = attempt.endAt === null ? null : microseconds(attempt.endAt);
      return measured === endUs ? [] : [[place, measured] as const];
    }),
  };
}

/** What the page takes a row to be called: an item by its map and index, others by the name that it shows. */
function toldName(row: TaskStatistics): string {
  if (row.index !== undefined && row.parent !== undefined) return `${row.parent}[${row.index}]`;
  return visibleName(labelOf(row));
}

/** The next index of its map, of what is called an item; `null` of others. */
export function expectedIndex(): (row: {
  readonly kind: TaskStatistics["kind"];
  readonly parent?: string | undefined;
}) => number | null {
  const next = new Map<string, number>();
  return ({ kind, parent }) => {
    if (kind !== "item" || parent === undefined) return null;
    const index = next.get(parent) ?? 0;
    next.set(parent, index + 1);
    return index;
  };
}

function declaredOf({ originalTasks, taskStatistics }: SerializedReport): number[] {
  const places = new Map(taskStatistics.map(({ taskName }, place) => [taskName, place]));
  const declared = Object.keys(originalTasks).flatMap((name) => places.get(name) ?? []);
  return declared.every((place, at) => place === at) ? [] : differences(declared);
}

function differences(places: readonly number[]): number[] {
  return places.map((place, at) => place - (places[at - 1] ?? 0));
}

/** The inverse of what lists of places are written as. */
export function sums(differences: readonly number[]): number[] {
  let sum = 0;
  return differences.map((difference) => {
    sum += difference;
    return sum;
  });
}
