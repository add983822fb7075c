/** What may be changed of the run on the page, each with the values that it may have, and what they are together. Knows no DOM. */
import type { Change } from "@astrum/core/whatif";
import { NONE, type PageData } from "../src/html/page-data.ts";
import type { StudyFacts } from "../src/html/study-facts.ts";
import { visibleName } from "../src/wording/visible.ts";
import type { Run } from "./run.ts";
import { namesOf } from "./run-again.ts";

export interface Lever {
  readonly kind: "slots" | "resource" | "map";
  /** As the run calls it; empty of slots. */
  readonly name: string;
  readonly label: string;
  /** Ascending; the last is no limit. */
  readonly values: readonly number[];
  /** The place of the value that the run had. */
  readonly had: number;
  /** `50 each 1 s`: what a value is of, where it is more than a number. */
  readonly perMs?: number | undefined;
}

export interface Switches {
  readonly longestFirst: boolean;
  readonly noFailures: boolean;
  /** Tasks wait for their own dependencies only. */
  readonly noStages: boolean;
}

const UNLIMITED = Number.POSITIVE_INFINITY;

/** Slots, what tasks held, the maps that were planned: those with the most items first. */
export function leversOf(run: Run, study: StudyFacts): Lever[] {
  return [...slots(study), ...resources(run.data, study), ...maps(run, study)];
}

function slots({ config, mostSlots }: StudyFacts): Lever[] {
  const had = config.concurrency ?? UNLIMITED;
  const most = Math.max(mostSlots, had === UNLIMITED ? 1 : had);
  return most < 2 ? [] : [lever("slots", "", "slots", ladder(1, most, had), had)];
}

function resources({ tasks }: PageData, study: StudyFacts): Lever[] {
  const { resources: held = {}, rates = {} } = study.config;
  const asked = (name: string): number =>
    study.units.reduce(
      (most, units) => Math.max(most, Object.hasOwn(units, name) ? (units[name] ?? 0) : 0),
      0,
    );
  // What nobody asked for holds nobody back.
  const used = (name: string): boolean => asked(name) > 0;
  const amounts = Object.entries(held).flatMap(([name, had]) => {
    if (!used(name) || !(had > 0)) return [];
    // A task may ask for parts of a unit; there are whole ones.
    const least = Math.ceil(asked(name));
    const most = Math.max(least, Math.min(4 * had, had + 64), Math.min(16, tasks.name.length));
    return lever("resource", name, visibleName(name), ladder(least, most, had), had);
  });
  const spent = Object.entries(rates).flatMap(([name, { limit, perMs, burst }]) => {
    if (!used(name) || perMs === null) return [];
    const least = burst === limit ? asked(name) : 0;
    const values = SHARES.map((share) => share * limit).filter((value) => value >= least);
    return { ...lever("resource", name, visibleName(name), [...values, UNLIMITED], limit), perMs };
  });
  return [...amounts, ...spent];
}

const SHARES = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];

function maps(run: Run, study: StudyFacts): Lever[] {
  const { tasks } = run.data;
  const names = namesOf(run.data, study);
  const limits = new Map(study.mapLimit);
  return tasks.kind
    .flatMap((_, map) => {
      const items = run.insideOf(map).length;
      // The limit of a map that came up in the run cannot be changed before it.
      const planned = run.kind(map) === "map" && (tasks.stage[map] ?? NONE) !== NONE;
      return planned && items > 1 ? [{ map, items }] : [];
    })
    .sort((a, b) => b.items - a.items)
    .map(({ map, items }) => {
      const had = limits.get(map) ?? UNLIMITED;
      const most = Math.max(items, had === UNLIMITED ? 1 : had);
      return lever("map", names[map] ?? "", run.name(map), ladder(1, most, had), had);
    });
}

function lever(
  kind: Lever["kind"],
  name: string,
  label: string,
  values: readonly number[],
  had: number,
): Lever {
  return { kind, name, label, values, had: values.indexOf(had) };
}

/** Every number at first, then ever larger steps: no more than some sixty, with what it had and no limit. */
function ladder(from: number, to: number, had: number): number[] {
  const values = new Set<number>();
  for (let value = from; value < to; value += Math.max(1, roundDown(value / 8))) values.add(value);
  values.add(to);
  values.add(had);
  values.add(UNLIMITED);
  return Array.from(values).sort((a, b) => a - b);
}

/** To 1, 2 or 5 times a power of ten. */
function roundDown(value: number): number {
  if (value < 1) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([5, 2, 1].find((factor) => factor * power <= value) ?? 1);
}

/** `places`: of each lever its value. What is as it was is no change. */
export function changeOf(
  levers: readonly Lever[],
  places: readonly number[],
  switches: Switches,
  { config }: StudyFacts,
): Change {
  const changed = levers.flatMap((lever, at) => {
    const place = places[at] ?? lever.had;
    return place === lever.had ? [] : [{ ...lever, value: lever.values[place] ?? UNLIMITED }];
  });
  const named = (kind: Lever["kind"]): Record<string, number> | undefined => {
    const own = changed.filter((lever) => lever.kind === kind);
    return own.length === 0
      ? undefined
      : Object.fromEntries(own.map(({ name, value }) => [name, value]));
  };
  const concurrency = changed.find(({ kind }) => kind === "slots")?.value;
  const held = named("resource");
  const mapConcurrency = named("map");
  const had = config.longestFirst === true;
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(held !== undefined && { resources: held }),
    ...(mapConcurrency !== undefined && { mapConcurrency }),
    ...(switches.longestFirst !== had && { longestFirst: switches.longestFirst }),
    ...(switches.noFailures && { noFailures: true }),
    ...(switches.noStages && { dispatch: "dependencies" as const }),
  };
}
