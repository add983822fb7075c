/**
 * What may be changed of a run that was: as a type, its check against what the run had, and what it makes of the plan and the
 * settings of a simulation. Runs nothing.
 */
import type { Definition } from "../define/definition.ts";
import { GraphPlan } from "../define/plan.ts";
import { unknownNames } from "../define/unknown-name.ts";
import { RateLimit } from "../drive/rate-limit.ts";
import { amountOfMost, hasOnly, type Resource } from "../drive/resources.ts";
import type { Issues } from "../ground/check.ts";
import type { Recalled } from "./recalled.ts";
import { changed, type Script, type ScriptedTask, scaled, withoutFailures } from "./script.ts";
import type { VirtualSettings } from "./virtual-driver.ts";

/** All of it applies together. `Infinity` is no limit. */
export interface Change {
  /** Attempts that run at once: an integer from 1 up, or `Infinity`. */
  readonly concurrency?: number | undefined;
  /** How much there is of each resource; of a rate limit, units that come back each `perMs`. From 0 up, or `Infinity`. */
  readonly resources?: Readonly<Record<string, number>> | undefined;
  /** The longest path goes first, by what each task took: `run({ estimates: estimatesFrom(report) })`. `false`: not any more. */
  readonly longestFirst?: boolean | undefined;
  /** By task, map or item, with all that is inside of it: its attempts take this share of the time that they took. 0.5 is half as long. */
  readonly faster?: Readonly<Record<string, number>> | undefined;
  /** By map that was planned: how many of its items run at once, an integer from 1 up, or `Infinity`. */
  readonly mapConcurrency?: Readonly<Record<string, number>> | undefined;
  /** Tasks start with their own dependencies, in a run that went stage by stage. */
  readonly dispatch?: "dependencies" | undefined;
  /** No attempt fails: of each task the last one counts, and completes. */
  readonly noFailures?: boolean | undefined;
}

const KEYS = [
  "concurrency",
  "resources",
  "longestFirst",
  "faster",
  "mapConcurrency",
  "dispatch",
  "noFailures",
] as const satisfies readonly (keyof Change)[];

/** Collects what is wrong with a change, or with what it would ask of this run. */
export function checkChange(
  issues: Issues,
  path: readonly string[],
  given: unknown,
  { plan, settings, tasks }: Recalled,
): void {
  const change = issues.record(path, given ?? null, KEYS);
  if (change === undefined) return;
  const { concurrency } = change;
  if (concurrency !== undefined) atOnce(issues, [...path, "concurrency"], concurrency);
  for (const key of ["longestFirst", "noFailures"] as const) {
    const value = change[key];
    if (value !== undefined && typeof value !== "boolean") {
      issues.expected([...path, key], "true or false", value);
    }
  }
  issues.oneOf([...path, "dispatch"], change.dispatch, ["dependencies"]);
  const had = new Map(Object.entries(settings.resources));
  const named = <T>(
    key: "mapConcurrency" | "faster" | "resources",
    what: string,
    known: ReadonlyMap<string, T>,
  ): Entry<T>[] => entries(issues, [...path, key], change[key], what, known);
  for (const { at, value } of named("mapConcurrency", "map", mapsOf(plan))) {
    atOnce(issues, at, value);
  }
  for (const { at, value } of named("faster", "task", tasks)) {
    issues.amount(at, value, "a share of the time that it took, 0.5 for half as long,");
  }
  for (const { at, name, value, had: resource } of named("resources", "resource", had)) {
    if (!isAmount(value, resource)) {
      issues.expected(at, amountText(resource), value);
    } else if (resource instanceof RateLimit && resource.perMs === Infinity) {
      checkBudget(issues, at, value as number, resource.limit);
    } else if (value !== Number.POSITIVE_INFINITY) {
      checkDemand(issues, at, name, changedResource(resource, value as number), tasks);
    }
  }
}

interface Entry<T> {
  readonly at: readonly string[];
  readonly name: string;
  readonly value: unknown;
  /** What the run had of that name. */
  readonly had: T;
}

/** Those of a record that name something the run had; of the others it collects that it had no such thing. */
function entries<T>(
  issues: Issues,
  path: readonly string[],
  record: unknown,
  what: string,
  known: ReadonlyMap<string, T>,
): Entry<T>[] {
  const all = Object.entries(issues.record(path, record) ?? {});
  const none = known.size === 0 ? `. It had no ${what}` : "";
  const say = (name: string): string =>
    `\`${[...path, name].join(".")}\`: the run had no ${what} "${name}"${none}`;
  const names = all.map(([name]) => name);
  unknownNames(issues, names, known, `unknown-${what}`, say, path);
  return all.flatMap(([name, value]) =>
    known.has(name) ? [{ at: [...path, name], name, value, had: known.get(name) as T }] : [],
  );
}

/** By name. */
export function mapsOf({ graph }: GraphPlan): Map<string, true> {
  const maps = new Map<string, true>();
  for (const { name, kind } of graph.definitions) if (kind === "map") maps.set(name, true);
  return maps;
}

function atOnce(issues: Issues, path: readonly string[], value: unknown): void {
  if (value === Number.POSITIVE_INFINITY) return;
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    issues.expected(path, "an integer from 1 up, or Infinity for no limit", value);
  }
}

function isAmount(amount: unknown, had: Resource | undefined): boolean {
  if (amount === Number.POSITIVE_INFINITY) return true;
  if (had instanceof RateLimit) return Number.isFinite(amount) && (amount as number) > 0;
  return Number.isSafeInteger(amount) && (amount as number) >= 0;
}

function amountText(had: Resource | undefined): string {
  const range = had instanceof RateLimit ? "a number above 0" : "an integer from 0 up";
  return `${range}, or Infinity for no limit`;
}

/** Nobody waits for a budget: what it would take is known where it is no smaller, and then it is the same. */
function checkBudget(issues: Issues, path: readonly string[], value: number, had: number): void {
  if (value >= had) return;
  const message = `\`${path.join(".")}\`: the run had a budget of ${had}, and nobody knows what it would have done with less. Ask for ${had} or more`;
  issues.add("budget-below", message, path);
}

/** Nobody may be left waiting for ever. */
function checkDemand(
  issues: Issues,
  path: readonly string[],
  resource: string,
  had: Resource,
  tasks: ReadonlyMap<string, ScriptedTask>,
): void {
  const most = amountOfMost(had);
  for (const [task, { units }] of tasks) {
    const needed = units?.[resource] ?? 0;
    if (needed <= most) continue;
    const message = `\`${path.join(".")}\`: task "${task}" needs ${needed} of "${resource}", ${hasOnly(had)}`;
    issues.add("demand-above-capacity", message, path);
    return;
  }
}

/** A burst that was the limit stays the limit. */
function changedResource(had: Resource | undefined, amount: number): Resource {
  if (!(had instanceof RateLimit) || amount === Number.POSITIVE_INFINITY) return amount;
  const burst = had.burst === had.limit ? amount : had.burst;
  return new RateLimit({ limit: amount, perMs: had.perMs, burst });
}

/** The run as it would have been. The change must have been checked. */
export function withChange(
  { plan, settings, measured }: Recalled,
  change: Change,
): { readonly plan: GraphPlan; readonly settings: VirtualSettings } {
  const { concurrency = settings.concurrency, longestFirst } = change;
  const others = Object.entries(change.resources ?? {}).map(
    ([name, amount]) => [name, changedResource(settings.resources[name], amount)] as const,
  );
  const resources = { ...settings.resources, ...Object.fromEntries(others) };
  const estimates = longestFirst ? measured : settings.estimates;
  return {
    plan: withMapLimits(plan, change.mapConcurrency),
    settings: {
      ...settings,
      concurrency: concurrency === Number.POSITIVE_INFINITY ? undefined : concurrency,
      resources,
      dispatch: change.dispatch ?? settings.dispatch,
      estimates: longestFirst === false ? undefined : estimates,
      script: changedScript(settings.script, change),
    },
  };
}

function changedScript(script: Script, { faster = {}, noFailures = false }: Change): Script {
  const names = Object.keys(faster);
  if (names.length === 0 && !noFailures) return script;
  const factorOf = (name: string): number =>
    Object.hasOwn(faster, name) ? (faster[name] as number) : 1;
  return changed(script, (task) => {
    const done = noFailures ? withoutFailures(task) : task;
    if (done === undefined || names.length === 0) return done;
    // A map, or a task with a flow inside of it, takes all with it.
    const factor = done.path.reduce((product, name) => product * factorOf(name), 1);
    return factor === 1 ? done : scaled(done, factor);
  });
}

/** The same graph; only what its maps let in is another. */
function withMapLimits(plan: GraphPlan, limits: Change["mapConcurrency"] = {}): GraphPlan {
  const maps = Object.keys(limits);
  if (maps.length === 0) return plan;
  const { graph, depth, stageStart, order } = plan;
  const definitions = [...graph.definitions];
  for (const map of maps) {
    const at = graph.index.get(map) as number;
    const { options, ...definition } = definitions[at] as Definition;
    const { concurrency, ...others } = options ?? {};
    const limit = limits[map] as number;
    const limited = limit === Number.POSITIVE_INFINITY ? others : { ...others, concurrency: limit };
    definitions[at] = { ...definition, options: limited };
  }
  return new GraphPlan({ ...graph, definitions }, depth, stageStart, order);
}
