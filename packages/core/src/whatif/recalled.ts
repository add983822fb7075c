/**
 * A run that was, as one that can be run again without its functions: its plan, its script and what it was given, all of it
 * from the report. A stored report may come from anywhere: what cannot be read is refused. Runs nothing.
 */
import type { Definition } from "../define/definition.ts";
import { EDGE_KINDS, EdgeList, graph, INNER, type Root, type Subflow } from "../define/graph.ts";
import { type GraphPlan, plan } from "../define/plan.ts";
import { RateLimit } from "../drive/rate-limit.ts";
import type { Resource } from "../drive/resources.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import type { TaskStatistics } from "../report/statistics.ts";
import { measuredScript } from "./measured-script.ts";
import type { Scene, ScriptedTask } from "./script.ts";
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
  const issues = new Issues();
  const { graph, script } = new Recalling(report, issues).plan();
  issues.throwAs(DefinitionError);
  const measured = measuredMs(rows);
  const { config } = run;
  return {
    plan: plan(graph),
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

/** From rows to graphs: that of the plan, and those of flows that came up inside of tasks. */
class Recalling {
  readonly #report: SerializedReport;
  readonly #issues: Issues;
  readonly #scripted: ReadonlyMap<string, ScriptedTask>;
  readonly #rows: ReadonlyMap<string, TaskStatistics>;
  /** By what they are inside of: items by index, other tasks in their order. */
  readonly #items: Map<string, TaskStatistics[]> = new Map();
  readonly #inside: Map<string, TaskStatistics[]> = new Map();

  constructor(report: SerializedReport, issues: Issues) {
    this.#report = report;
    this.#issues = issues;
    this.#scripted = measuredScript(report.taskStatistics);
    this.#rows = new Map(report.taskStatistics.map((row) => [row.taskName, row]));
    for (const row of report.taskStatistics) {
      const { parent, index } = row;
      if (parent === undefined) continue;
      const rows = index === undefined ? this.#inside : this.#items;
      const list = rows.get(parent) ?? [];
      if (index === undefined) list.push(row);
      else list[index] = row;
      rows.set(parent, list);
    }
  }

  /** In the order of declaration, which decides between equals. */
  plan(): Scene {
    const { originalTasks, run, taskStatistics } = this.#report;
    const planned = new Map(
      taskStatistics.flatMap((row) => (this.#isPlanned(row) ? [[row.taskName, row] as const] : [])),
    );
    const names = new Set([
      ...Object.keys(originalTasks).filter((name) => planned.has(name)),
      ...planned.keys(),
    ]);
    const rows = Array.from(names, (name) => planned.get(name) as TaskStatistics);
    return this.#scene(run.flow ?? "", rows, undefined);
  }

  /** Whether it was planned: it is in no list, and no flow that came up has brought it. */
  #isPlanned({ parent, index }: TaskStatistics): boolean {
    if (parent === undefined) return true;
    const around = this.#rows.get(parent);
    return (
      index === undefined && around !== undefined && isSubflow(around) && this.#isPlanned(around)
    );
  }

  /** Of these rows a graph and its script. `around`: the task that it came up inside of. */
  #scene(name: string, rows: readonly TaskStatistics[], around: Around | undefined): Scene {
    const index = new Map(rows.map(({ taskName }, at) => [taskName, at]));
    const edges = new EdgeList(
      rows.length,
      rows.reduce((sum, { dependencies }) => sum + dependencies.length, 0),
    );
    for (const row of rows) this.#edgesOf(row, index, edges);
    this.#issues.throwAs(DefinitionError);
    const definitions = rows.map((row) => this.#definition(row, around?.prefix ?? ""));
    const roles = {
      tails: withRole(rows, ({ kind }) => kind === "tail"),
      finallyTasks: withRole(
        rows,
        ({ role, parent }) => role === "finally" && parent === around?.owner.taskName,
      ),
      subflows: rows.flatMap((row, owner) => this.#subflow(row, owner, rows, index)),
    };
    const roots = around && rootsOf(around, index);
    const made = graph(name, definitions, edges, roles, roots, this.#issues);
    const items = new Map<number, (ScriptedTask | undefined)[]>();
    rows.forEach(({ taskName }, at) => {
      const list = this.#items.get(taskName);
      if (list === undefined) return;
      items.set(
        at,
        Array.from(list, (item) => item && this.#scriptedTask(item)),
      );
    });
    return { graph: made, script: { tasks: rows.map((row) => this.#scriptedTask(row)), items } };
  }

  #edgesOf(
    { taskName, dependencies }: TaskStatistics,
    index: ReadonlyMap<string, number>,
    edges: EdgeList,
  ): void {
    for (const { task, kind } of dependencies) {
      const at = index.get(task);
      const inside = this.#rows.get(task)?.parent === taskName;
      if (at !== undefined) edges.add(at, inside ? INNER : EDGE_KINDS.indexOf(kind));
      // What a flow that came up inside of it gave is no edge of its graph.
      if (at !== undefined || inside) continue;
      const message = `Task "${taskName}" of the report depends on "${task}", which is not in it: give whatIf() the whole report`;
      this.#issues.add("unknown-dependency", message, ["taskStatistics", taskName]);
    }
    edges.closeRow();
  }

  /** A flow that was planned with the rest, inside of this task. */
  #subflow(
    row: TaskStatistics,
    owner: number,
    rows: readonly TaskStatistics[],
    index: ReadonlyMap<string, number>,
  ): Subflow[] {
    const inside = isSubflow(row) ? this.#inside.get(row.taskName) : undefined;
    if (inside === undefined) return [];
    let first = owner;
    while (first > 0 && isWithin(rows[first - 1] as TaskStatistics, row, this.#rows)) first--;
    const roots = row.dependencies.flatMap(({ task, to }) => {
      const at = this.#rows.get(task)?.parent === row.taskName ? index.get(task) : undefined;
      return at === undefined ? [] : [{ key: String(to ?? task), task: at }];
    });
    const finallyTasks = inside.flatMap(({ taskName, role }) => {
      const at = role === "finally" ? index.get(taskName) : undefined;
      return at === undefined ? [] : [at];
    });
    const scripted = this.#scripted.get(row.taskName);
    const asked = scripted?.answer !== undefined || (scripted?.prepareMs ?? 0) > 0;
    return [{ owner, first, roots, finallyTasks, asked }];
  }

  #definition(row: TaskStatistics, prefix: string): Definition {
    const items = this.#items.get(row.taskName);
    const scripted = this.#scripted.get(row.taskName);
    const name = row.taskName.startsWith(prefix) ? row.taskName.slice(prefix.length) : row.taskName;
    return definitionOf(row, name, items, scripted);
  }

  #scriptedTask(row: TaskStatistics): ScriptedTask | undefined {
    const scripted = this.#scripted.get(row.taskName);
    const inside = this.#inside.get(row.taskName);
    if (scripted === undefined || inside === undefined || isSubflow(row)) return scripted;
    const scenes = this.#flowsIn(row, inside).map(({ prefix, rows }) =>
      this.#scene(prefix, rows, { owner: row, prefix }),
    );
    return { ...scripted, scenes };
  }

  /** The flow that came up inside of a task, or those of a loop. */
  #flowsIn(
    owner: TaskStatistics,
    inside: readonly TaskStatistics[],
  ): { readonly prefix: string; readonly rows: readonly TaskStatistics[] }[] {
    const { taskName } = owner;
    const prefixes =
      owner.role === "loop"
        ? new Set(
            inside.map((row) =>
              row.taskName.slice(0, row.taskName.indexOf("].", taskName.length) + 2),
            ),
          )
        : new Set([`${taskName}.`]);
    return Array.from(prefixes, (prefix) => ({
      prefix,
      rows: inside
        .filter((row) => row.taskName.startsWith(prefix))
        .flatMap((row) => [...this.#nested(row), row]),
    }));
  }

  /** What is planned inside of it, before it. */
  #nested(row: TaskStatistics): TaskStatistics[] {
    if (!isSubflow(row)) return [];
    const inside = this.#inside.get(row.taskName) ?? [];
    return inside.flatMap((one) => [...this.#nested(one), one]);
  }
}

interface Around {
  readonly owner: TaskStatistics;
  /** What the names of its tasks begin with. */
  readonly prefix: string;
}

/** A task with a flow inside of it that was planned with the rest: none of its own functions was called. */
function isSubflow({ role, attemptStatistics }: TaskStatistics): boolean {
  return role === "subflow" && attemptStatistics.length === 0;
}

function isWithin(
  row: TaskStatistics,
  owner: TaskStatistics,
  rows: ReadonlyMap<string, TaskStatistics>,
): boolean {
  let at: TaskStatistics | undefined = row;
  for (let deep = 0; at?.parent !== undefined && deep < 1000; deep++) {
    if (at.parent === owner.taskName) return true;
    at = rows.get(at.parent);
  }
  return false;
}

/** What its value is made of; of the flows of a loop before the last, what is called the same. */
function rootsOf({ owner, prefix }: Around, index: ReadonlyMap<string, number>): Root[] {
  const roots = owner.dependencies.flatMap(({ task, to }) => {
    const [, name] = /^(?:.*\]\.)?(.*)$/s.exec(task.slice(owner.taskName.length)) ?? [];
    const own = owner.role === "loop" ? `${prefix}${name}` : task;
    const at = index.get(own);
    return at === undefined ? [] : [{ key: String(to ?? own), task: at }];
  });
  // A flow that did not come to its end does not say: then all of it is waited for.
  return roots.length > 0 ? roots : Array.from(index, ([key, task]) => ({ key, task }));
}

function withRole(
  rows: readonly TaskStatistics[],
  has: (row: TaskStatistics) => boolean,
): Set<number> {
  return new Set(rows.flatMap((row, at) => (has(row) ? [at] : [])));
}

function definitionOf(
  row: TaskStatistics,
  name: string,
  items: readonly TaskStatistics[] | undefined,
  scripted: ScriptedTask | undefined,
): Definition {
  const { concurrency, priority, resources, role } = row;
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
  const subflow = isSubflow(row) ? { role: "subflow" as const } : {};
  const loop = role === "loop" ? { role } : {};
  const asks = scripted?.answer !== undefined || (scripted?.prepareMs ?? 0) > 0;
  return {
    name,
    kind,
    slots: [],
    call: "nothing",
    run: () => {},
    options: Object.keys(options).length === 0 ? undefined : (options as Definition["options"]),
    prepares: kind === "map" || role === "loop" || asks,
    needs: resources !== undefined || inItems !== undefined,
    ...subflow,
    ...loop,
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
