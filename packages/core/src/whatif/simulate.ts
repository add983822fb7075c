/**
 * A plan that has not run, run on paper: `simulate()`. The run machine is driven by what each task is said to take; the
 * outcome is a report like any other. Calls no function of a task.
 */
import type { Definition } from "../define/definition.ts";
import { EdgeList, graph } from "../define/graph.ts";
import { GraphPlan, type Plan } from "../define/plan.ts";
import { unknownNames } from "../define/unknown-name.ts";
import { RateLimit } from "../drive/rate-limit.ts";
import {
  checkDemands,
  checkResource,
  type Resource,
  writtenResources,
} from "../drive/resources.ts";
import { Semaphore } from "../drive/semaphore.ts";
import { otherCopy } from "../ground/brand.ts";
import { Issues } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import { DefinitionError, PlanError } from "../ground/errors.ts";
import { VERSION } from "../ground/version.ts";
import { byDependencies } from "../machine/machine-for.ts";
import { DETACHED } from "../machine/states.ts";
import { taskName } from "../machine/task-name.ts";
import type { ExecutionReport } from "../report/execution-report.ts";
import { Fingerprints } from "../report/fingerprint.ts";
import { NO_ORIGINS } from "../report/origin.ts";
import { Reasons } from "../report/reasons.ts";
import { reportOf } from "../report/report.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import { alone } from "./alone.ts";
import { mapsOf } from "./changes.ts";
import { lasting, type Scene, type Script } from "./script.ts";
import { driven, type VirtualRun, type VirtualSettings } from "./virtual-driver.ts";

export interface SimulateOptions {
  /**
   * Milliseconds by task name: an attempt of a task, a map or a loop as a whole. A task without one takes no time; names that are no
   * tasks of the plan are let pass, as estimates of an earlier version may hold some.
   */
  readonly durations: Readonly<Record<string, number>>;
  /** By map: how long each item takes, in milliseconds. A map without a list is one item of its own duration. */
  readonly items?: Readonly<Record<string, readonly number[]>> | undefined;
  /** Attempts that run at once, or the semaphore that would say so. Default: no limit. */
  readonly concurrency?: number | Semaphore | undefined;
  /** As `run()` takes them; nobody else holds or spends any of it. An amount that a task computes counts as 1. */
  readonly resources?: Readonly<Record<string, Resource>> | undefined;
  /** Whether the longest path goes first when capacity is short, by the durations. Default `false`. */
  readonly longestFirst?: boolean | undefined;
}

const KEYS = [
  "durations",
  "items",
  "concurrency",
  "resources",
  "longestFirst",
] as const satisfies readonly (keyof SimulateOptions)[];

/**
 * The report of a run that was not: what the plan would take on these slots and resources if every task took what
 * `durations` says and nothing failed. Its `run.id` is `simulated`, it has no outputs, and its clock begins at the Unix
 * epoch. The same arguments give the same report.
 *
 * Throws `DefinitionError` for what is no plan and for options that are not what they may be, and `PlanError` when a task
 * needs a resource that is not given, or more than there is of it.
 *
 * @example
 * ```ts
 * import { flow, task } from "@astrum/core";
 * import { simulate } from "@astrum/core/whatif";
 *
 * const fetched = task("fetch", () => "page");
 * const parsed = task("parse", { fetched }, ({ fetched }) => fetched.length);
 * const checked = task("check", { fetched }, ({ fetched }) => fetched !== "");
 * const plan = flow("site", { parsed, checked }).plan();
 *
 * const durations = { fetch: 100, parse: 50, check: 70 };
 * console.log(simulate(plan, { durations, concurrency: 1 }).totalDurationMs); // 220
 * console.log(simulate(plan, { durations }).totalDurationMs); // 170
 * ```
 */
export function simulate(plan: Plan, options: SimulateOptions): ExecutionReport {
  const issues = new Issues();
  if (!(plan instanceof GraphPlan)) {
    const got = otherCopy(plan, "plan") ?? describe(plan);
    const message = `simulate() needs a plan, from plan() of a flow or a scheduler, got ${got}`;
    issues.add("invalid-argument", message, ["plan"]);
  }
  checkOptions(issues, plan, options);
  issues.throwAs(DefinitionError);
  return simulated(plan as GraphPlan, options);
}

function checkOptions(issues: Issues, plan: unknown, options: unknown): void {
  const given = issues.record([], options ?? null, KEYS);
  if (given === undefined) return;
  if (given.durations === undefined) issues.expected(["durations"], "an object", undefined);
  const durations = issues.record(["durations"], given.durations);
  for (const name in durations) issues.amount(["durations", name], durations[name]);
  const items = issues.record(["items"], given.items) ?? {};
  for (const name in items) {
    issues.array(["items", name], items[name], "numbers of milliseconds from 0 up", isDuration);
  }
  if (plan instanceof GraphPlan) {
    const say = (name: string): string => `\`items.${name}\`: the plan has no map "${name}"`;
    unknownNames(issues, Object.keys(items), mapsOf(plan), "unknown-map", say, ["items"]);
  }
  if (!(given.concurrency instanceof Semaphore)) {
    issues.integer(["concurrency"], given.concurrency, 1);
  }
  const resources = issues.record(["resources"], given.resources);
  for (const name in resources) {
    // Of a rate limit only its numbers are read, so it may count by any clock.
    if (!(resources[name] instanceof RateLimit)) checkResource(issues, name, resources[name]);
  }
  if (given.longestFirst !== undefined && typeof given.longestFirst !== "boolean") {
    issues.expected(["longestFirst"], "true or false", given.longestFirst);
  }
}

function isDuration(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY;
}

/** The options must have been checked. */
function simulated(plan: GraphPlan, options: SimulateOptions): ExecutionReport {
  const { durations, resources = {}, longestFirst = false } = options;
  const issues = new Issues();
  for (const { name, options: task } of plan.graph.needing) {
    if (task?.resources !== undefined)
      checkDemands(issues, name, counted(task.resources), { resources });
  }
  issues.throwAs(PlanError);
  const { concurrency: slots } = options;
  const concurrency = slots instanceof Semaphore ? slots.limit : slots;
  const settings: VirtualSettings = {
    script: scriptOf(plan, options),
    dispatch: "dependencies",
    beginAt: 0,
    concurrency,
    resources: alone(resources),
    estimates: longestFirst ? durations : undefined,
    release: false,
  };
  const run = driven(plan, settings, byDependencies);
  return reportOn(plan, run, concurrency, options);
}

/** What is computed in a run counts as 1. */
function counted(demands: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(demands).map(([name, units]) => [name, typeof units === "function" ? 1 : units]),
  );
}

/** Every task takes what `durations` says. */
export function scriptOf(
  { graph }: GraphPlan,
  { durations, items = {} }: Pick<SimulateOptions, "durations" | "items">,
): Script {
  const msOf = (name: string): number =>
    Object.hasOwn(durations, name) ? (durations[name] as number) : 0;
  const lists: [number, Script["tasks"]][] = [];
  graph.definitions.forEach(({ name, kind }, task) => {
    if (kind !== "map") return;
    const list = Object.hasOwn(items, name) ? items[name] : undefined;
    lists.push([task, (list ?? [msOf(name)]).map(lasting)]);
  });
  return {
    tasks: graph.definitions.map(({ name, role }) =>
      role === "loop" ? { ...lasting(0), scenes: [oneTask(msOf(name))] } : lasting(msOf(name)),
    ),
    items: new Map(lists),
  };
}

/** A flow of one task: of a loop nobody knows beforehand how many there will be. */
function oneTask(ms: number): Scene {
  const definition: Definition = {
    name: "all",
    kind: "task",
    slots: [],
    call: "nothing",
    run: () => {},
    options: undefined,
    prepares: false,
    needs: false,
  };
  const edges = new EdgeList(1, 0);
  edges.closeRow();
  const roles = { tails: new Set<number>(), finallyTasks: new Set<number>() };
  const roots = [{ key: "all", task: 0 }];
  return {
    graph: graph("all", [definition], edges, roles, roots, new Issues()),
    script: { tasks: [lasting(ms)], items: new Map() },
  };
}

function reportOn(
  plan: GraphPlan,
  { machine, settledAt, limits }: VirtualRun,
  concurrency: number | undefined,
  { resources, longestFirst }: Pick<SimulateOptions, "resources" | "longestFirst">,
): ExecutionReport {
  const { ledger, state, detached } = machine;
  for (const tail of detached) ledger.status[tail] = DETACHED;
  const header: SerializedReport["run"] = {
    id: "simulated",
    flow: plan.graph.name,
    targets: [],
    startedAt: new Date(0).toISOString(),
    attributes: { simulated: true },
    config: { concurrency: concurrency ?? null, failure: "stop", dispatch: "dependencies" },
    versions: { "@astrum/core": VERSION },
  };
  // Whoever asks what would be otherwise starts from what the run had.
  const written = writtenResources(resources);
  if (written.resources !== undefined) header.config.resources = written.resources;
  if (written.rates !== undefined) header.config.rates = written.rates;
  if (longestFirst) header.config.longestFirst = true;
  return reportOf({
    state: state as NonNullable<typeof state>,
    plan,
    ledger,
    reasons: new Reasons(ledger, (task) => taskName(plan.graph, ledger, task)),
    fingerprints: new Fingerprints(plan.graph, ledger),
    resources: limits,
    outputs: [],
    released: new Set(),
    header: () => header,
    clock: { epochMs: 0, driftMs: null },
    concurrency,
    staged: false,
    plannedAt: 0,
    settledAt,
    planIssues: [],
    observerErrors: [],
    resume: undefined,
    origins: NO_ORIGINS,
    carried: [],
    tail: Promise.resolve([]),
  });
}
