/**
 * A run that was, as one that can be run again without its functions: its plan, its script and what it was given, all of it
 * from the report. A stored report may come from anywhere: what cannot be read is refused. Runs nothing.
 */
import type { Definition } from "../define/definition.ts";
import { EDGE_KINDS, EdgeList, graph } from "../define/graph.ts";
import { type GraphPlan, plan } from "../define/plan.ts";
import { RateLimit } from "../drive/rate-limit.ts";
import type { Resource } from "../drive/resources.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import type { TaskStatistics } from "../report/statistics.ts";
import { measuredScript } from "./measured-script.ts";
import type { Script, ScriptedTask } from "./script.ts";
import type { VirtualSettings } from "./virtual-driver.ts";

export interface Recalled {
  readonly plan: GraphPlan;
  readonly settings: VirtualSettings;
  /** Of completed tasks, what they took: the estimates of a run that starts its longest path first. */
  readonly measured: Readonly<Record<string, number>>;
  /** The end of the last attempt that was waited for. */
  readonly makespanMs: number;
}

/** Throws `DefinitionError` for tasks that make no graph, `PlanError` for those that wait for each other. */
export function recalled(report: SerializedReport): Recalled {
  const { taskStatistics: rows, run, planningDurationMs } = report;
  const scripted = measuredScript(rows);
  const items = itemsByMap(rows);
  const issues = new Issues();
  const planned = plannedFrom(report, items, scripted, issues);
  const script: Script = {
    tasks: planned.graph.definitions.map(({ name }) => scripted.get(name)),
    items: new Map(
      Array.from(items, ([map, list]) => [
        planned.graph.index.get(map) as number,
        Array.from(list, (item) => item && scripted.get(item.taskName)),
      ]),
    ),
  };
  const measured = measuredMs(rows);
  const { config } = run;
  return {
    plan: planned,
    measured,
    makespanMs: lastEnd(rows),
    settings: {
      script,
      dispatch: config.dispatch === "stages" ? "stages" : "dependencies",
      beginAt: planningDurationMs,
      concurrency: config.concurrency ?? undefined,
      resources: resourcesOf(config),
      estimates: config.longestFirst ? measured : undefined,
      release: config.keep === "roots",
    },
  };
}

/** Items by index, of each map. */
function itemsByMap(rows: readonly TaskStatistics[]): Map<string, TaskStatistics[]> {
  const items = new Map<string, TaskStatistics[]>();
  for (const row of rows) {
    if (row.parent === undefined || row.index === undefined) continue;
    const list = items.get(row.parent) ?? [];
    list[row.index] = row;
    items.set(row.parent, list);
  }
  return items;
}

/** In the order of declaration, which decides between equals. */
function plannedFrom(
  { run, taskStatistics, originalTasks }: SerializedReport,
  items: ReadonlyMap<string, readonly TaskStatistics[]>,
  scripted: ReadonlyMap<string, ScriptedTask>,
  issues: Issues,
): GraphPlan {
  const known = new Map(
    taskStatistics.flatMap((row) => (row.kind === "item" ? [] : [[row.taskName, row] as const])),
  );
  const ordered = new Set([
    ...Object.keys(originalTasks).filter((name) => known.has(name)),
    ...known.keys(),
  ]);
  const rows = Array.from(ordered, (name) => known.get(name) as TaskStatistics);
  const index = new Map(rows.map(({ taskName }, at) => [taskName, at]));
  const edges = new EdgeList(
    rows.length,
    rows.reduce((sum, { dependencies }) => sum + dependencies.length, 0),
  );
  for (const { taskName, dependencies } of rows) {
    for (const { task, kind } of dependencies) {
      const dependency = index.get(task);
      if (dependency !== undefined) edges.add(dependency, EDGE_KINDS.indexOf(kind));
      else {
        const message = `Task "${taskName}" of the report depends on "${task}", which is not in it: give whatIf() the whole report`;
        issues.add("unknown-dependency", message, ["taskStatistics", taskName]);
      }
    }
    edges.closeRow();
  }
  issues.throwAs(DefinitionError);
  const definitions = rows.map((row) =>
    definitionOf(row, items.get(row.taskName), scripted.get(row.taskName)),
  );
  const roles = {
    tails: withRole(rows, ({ kind }) => kind === "tail"),
    finallyTasks: withRole(rows, ({ role }) => role === "finally"),
  };
  const made = graph(run.flow ?? "", definitions, edges, roles, undefined, issues);
  issues.throwAs(DefinitionError);
  return plan(made);
}

function withRole(
  rows: readonly TaskStatistics[],
  has: (row: TaskStatistics) => boolean,
): Set<number> {
  return new Set(rows.flatMap((row, at) => (has(row) ? [at] : [])));
}

function definitionOf(
  row: TaskStatistics,
  items: readonly TaskStatistics[] | undefined,
  scripted: ScriptedTask | undefined,
): Definition {
  const { concurrency, priority, resources } = row;
  // A tail does not say that it is a map.
  const kind =
    row.kind === "map" || items !== undefined || concurrency !== undefined ? "map" : "task";
  const inItems = items?.find((item) => item.resources !== undefined)?.resources;
  const options = {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(priority === undefined ? {} : { priority }),
    ...(resources === undefined ? {} : { resources }),
    // Amounts that each item has of its own: the script says them.
    ...(inItems === undefined ? {} : { resources: { ...resources, ...asked(inItems) } }),
    ...fallbackOf(row, items),
  };
  return {
    name: row.taskName,
    kind,
    slots: [],
    call: "nothing",
    run: () => {},
    options: Object.keys(options).length === 0 ? undefined : (options as Definition["options"]),
    prepares: kind === "map" || scripted?.answer !== undefined || (scripted?.prepareMs ?? 0) > 0,
    needs: resources !== undefined || inItems !== undefined,
  };
}

function asked(units: Readonly<Record<string, number>>): Record<string, () => number> {
  return Object.fromEntries(Object.keys(units).map((name) => [name, () => 0]));
}

/** How a map completed though items of it failed. */
function fallbackOf(
  row: TaskStatistics,
  items: readonly TaskStatistics[] = [],
): { fallback?: () => void; items?: "settled" } {
  if (row.fallback || items.some(({ fallback }) => fallback)) return { fallback: () => {} };
  const failed = items.some(({ status }) => status !== "completed" && status !== "restored");
  return failed && row.status === "completed" ? { items: "settled" } : {};
}

/** What was held, as amounts of this run alone; what was spent, as rates of its own. A budget limits nothing in time. */
function resourcesOf({
  resources = {},
  rates = {},
}: SerializedReport["run"]["config"]): Record<string, Resource> {
  const given: Record<string, Resource> = { ...resources };
  for (const [name, { limit, perMs, burst }] of Object.entries(rates)) {
    given[name] = perMs === null ? Number.MAX_SAFE_INTEGER : new RateLimit({ limit, perMs, burst });
  }
  return given;
}

/** As `estimatesFrom` of `@astrum/reporters` has them. */
function measuredMs(rows: readonly TaskStatistics[]): Record<string, number> {
  const measured = Object.create(null) as Record<string, number>;
  for (const { taskName, kind, status, durationMs, attemptStatistics } of rows) {
    if (status !== "completed" || kind === "item") continue;
    const attempt = attemptStatistics.findLast((one) => one.status === "completed");
    const ms = kind === "map" ? durationMs : attempt?.durationMs;
    if (ms !== undefined) measured[taskName] = ms;
  }
  return measured;
}

function lastEnd(rows: readonly TaskStatistics[]): number {
  const tails = new Set(rows.flatMap(({ kind, taskName }) => (kind === "tail" ? [taskName] : [])));
  let last = 0;
  for (const { kind, parent, attemptStatistics } of rows) {
    if (kind === "tail" || (parent !== undefined && tails.has(parent))) continue;
    for (const { endAt } of attemptStatistics) if (endAt !== null) last = Math.max(last, endAt);
  }
  return last;
}
