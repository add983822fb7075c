/**
 * What may be changed of a run that was: as a type, its check against what the run had, and what it makes of the plan and the
 * settings of a simulation. Runs nothing.
 */
import type { Definition } from "../define/definition.ts";
import { GraphPlan } from "../define/plan.ts";
import { RateLimit } from "../drive/rate-limit.ts";
import { amountOfMost, hasOnly, type Resource } from "../drive/resources.ts";
import type { Issues } from "../ground/check.ts";
import { didYouMean, nearest } from "../ground/guess.ts";
import type { Recalled } from "./recalled.ts";
import { changed, everyTask, type Script, scaled, withoutFailures } from "./script.ts";
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
  { plan, settings }: Pick<Recalled, "plan" | "settings">,
): void {
  const change = issues.record(path, given ?? null, KEYS);
  if (change === undefined) return;
  const { script, resources } = settings;
  if (change.concurrency !== undefined)
    atOnce(issues, [...path, "concurrency"], change.concurrency);
  for (const key of ["longestFirst", "noFailures"] as const) {
    const value = change[key];
    if (value !== undefined && typeof value !== "boolean") {
      issues.expected([...path, key], "true or false", value);
    }
  }
  issues.oneOf([...path, "dispatch"], change.dispatch, ["dependencies"]);
  const { definitions } = plan.graph;
  const maps = definitions.filter(({ kind }) => kind === "map").map(({ name }) => name);
  for (const [map, limit] of entries(issues, [...path, "mapConcurrency"], change.mapConcurrency)) {
    const at = [...path, "mapConcurrency", map];
    if (named(issues, at, map, "map", maps)) atOnce(issues, at, limit);
  }
  const names = (): string[] => Array.from(everyTask(script), ({ path: [name = ""] }) => name);
  for (const [task, factor] of entries(issues, [...path, "faster"], change.faster)) {
    const at = [...path, "faster", task];
    if (!named(issues, at, task, "task", names())) continue;
    issues.amount(at, factor, "a share of the time that it took, 0.5 for half as long,");
  }
  const had = Object.keys(resources);
  for (const [name, amount] of entries(issues, [...path, "resources"], change.resources)) {
    const at = [...path, "resources", name];
    if (!named(issues, at, name, "resource", had)) continue;
    if (!isAmount(amount, resources[name])) {
      issues.expected(at, amountText(resources[name]), amount);
    } else if (amount !== Number.POSITIVE_INFINITY) {
      checkDemand(issues, at, name, changedResource(resources[name], amount as number), script);
    }
  }
}

function entries(issues: Issues, path: readonly string[], given: unknown): [string, unknown][] {
  return Object.entries(issues.record(path, given) ?? {});
}

function atOnce(issues: Issues, path: readonly string[], value: unknown): void {
  if (value === Number.POSITIVE_INFINITY) return;
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    issues.expected(path, "an integer from 1 up, or Infinity for no limit", value);
  }
}

/** Whether the run had something of that name. */
function named(
  issues: Issues,
  path: readonly string[],
  name: string,
  what: string,
  known: Iterable<string>,
): boolean {
  const names = [...known];
  if (names.includes(name)) return true;
  const guess = nearest(name, names);
  const none = names.length === 0 ? ` It had no ${what}.` : "";
  const message = `\`${path.join(".")}\`: the run had no ${what} "${name}".${didYouMean(guess)}${none}`;
  issues.add(`unknown-${what}`, message, path, guess);
  return false;
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

/** Nobody may be left waiting for ever. */
function checkDemand(
  issues: Issues,
  path: readonly string[],
  resource: string,
  had: Resource,
  script: Script,
): void {
  const most = amountOfMost(had);
  for (const {
    path: [task],
    units,
  } of everyTask(script)) {
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
  const resources = { ...settings.resources };
  for (const [name, amount] of Object.entries(change.resources ?? {})) {
    resources[name] = changedResource(resources[name], amount);
  }
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
