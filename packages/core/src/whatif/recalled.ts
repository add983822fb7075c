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
import { firstReady, lastEnd, lastOf, measuredMs, outward } from "./measured-instants.ts";
import { measuredScript } from "./measured-script.ts";
import { definitionOf } from "./row-definition.ts";
import type { Scene, ScriptedTask } from "./script.ts";
import type { VirtualSettings } from "./virtual-driver.ts";

export interface Recalled {
  readonly plan: GraphPlan;
  readonly settings: VirtualSettings;
  /** What each task or item did, by name. */
  readonly tasks: ReadonlyMap<string, ScriptedTask>;
  /** Of completed tasks, what they took: the estimates of a run that starts its longest path first. */
  readonly measured: Readonly<Record<string, number>>;
  /** The end of the last attempt that was waited for. */
  readonly makespanMs: number;
}

/** Throws `DefinitionError` for tasks that make no graph, `PlanError` for those that wait for each other. */
export function recalled(report: SerializedReport): Recalled {
  const { taskStatistics: rows, run, planningDurationMs } = report;
  const issues = new Issues();
  const tasks = measuredScript(rows, report.totalDurationMs);
  const { graph, script } = new Recalling(report, tasks, issues).plan();
  issues.throwAs(DefinitionError);
  const measured = measuredMs(rows);
  const { config } = run;
  return {
    plan: plan(graph),
    tasks,
    measured,
    makespanMs: lastEnd(rows),
    settings: {
      script,
      dispatch: config.dispatch === "stages" ? "stages" : "dependencies",
      // A journal may have had to store that it begins.
      beginAt: Math.min(Math.max(planningDurationMs, firstReady(rows)), lastEnd(rows)),
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

  constructor(
    report: SerializedReport,
    scripted: ReadonlyMap<string, ScriptedTask>,
    issues: Issues,
  ) {
    this.#report = report;
    this.#scripted = scripted;
    this.#issues = issues;
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
      index === undefined &&
      around !== undefined &&
      this.#isSubflow(around) &&
      this.#isPlanned(around)
    );
  }

  /** A task with a flow inside of it that was planned with the rest: none of its own functions was called. */
  #isSubflow({ taskName, attemptStatistics }: TaskStatistics): boolean {
    if (attemptStatistics.length > 0) return false;
    return this.#inside.get(taskName)?.[0]?.taskName.startsWith(`${taskName}.`) === true;
  }

  /** A finally task does not say what else it is; what is inside of a loop does. */
  #isLoop({ taskName, role }: TaskStatistics): boolean {
    if (role === "loop") return true;
    return this.#inside.get(taskName)?.[0]?.taskName.startsWith(`${taskName}[`) === true;
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
    const roots = around && rootsOf(around, rows, index);
    const made = graph(name, definitions, edges, roles, roots, this.#issues);
    const items = new Map<number, (ScriptedTask | undefined)[]>();
    rows.forEach(({ taskName, status }, at) => {
      // One that completed without items had an empty list; of others nobody knows how many there would have been.
      const list = this.#items.get(taskName) ?? (status === "completed" ? [] : undefined);
      if (list === undefined || definitions[at]?.kind !== "map") return;
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
    const inside = this.#isSubflow(row) ? this.#inside.get(row.taskName) : undefined;
    if (inside === undefined) return [];
    let first = owner;
    const isInside = (one: TaskStatistics): boolean => outward(one, this.#rows).includes(row, 1);
    while (first > 0 && isInside(rows[first - 1] as TaskStatistics)) first--;
    const scripted = this.#scripted.get(row.taskName);
    const roots = row.dependencies.flatMap(({ task, to }) => {
      const inner = this.#rows.get(task);
      const at = inner?.parent === row.taskName ? index.get(task) : undefined;
      // One that fails when all that is inside of it has ended was late, whatever that would have made of it.
      if (inner === undefined || at === undefined || (scripted?.fails && !hasValue(inner)))
        return [];
      return [{ key: String(to ?? task), task: at }];
    });
    const finallyTasks = inside.flatMap(({ taskName, role }) => {
      const at = role === "finally" ? index.get(taskName) : undefined;
      return at === undefined ? [] : [at];
    });
    const asked = scripted?.answer !== undefined || (scripted?.prepareMs ?? 0) > 0;
    return [{ owner, first, roots, finallyTasks, asked }];
  }

  #definition(row: TaskStatistics, prefix: string): Definition {
    const items = this.#items.get(row.taskName);
    const scripted = this.#scripted.get(row.taskName);
    const name = row.taskName.startsWith(prefix) ? row.taskName.slice(prefix.length) : row.taskName;
    const holds = this.#isLoop(row) ? "loop" : this.#isSubflow(row) ? "subflow" : undefined;
    return definitionOf(row, { name, items, scripted, holds });
  }

  #scriptedTask(row: TaskStatistics): ScriptedTask | undefined {
    const scripted = this.#scripted.get(row.taskName);
    const inside = this.#inside.get(row.taskName);
    if (scripted === undefined || inside === undefined || this.#isSubflow(row)) return scripted;
    const flows = Array.from(this.#flowsIn(row, inside));
    let endAt: number | undefined;
    const scenes = flows.map(([prefix, rows], at): Scene => {
      const isLast = at === flows.length - 1;
      const isWell = !isLast || row.status === "completed" || scripted.fails === true;
      const scene = this.#scene(prefix, rows, { owner: row, prefix, isWell });
      const waitMs = Math.max(0, firstReady(rows) - (endAt ?? Number.POSITIVE_INFINITY));
      endAt = lastOf(rows);
      return { ...scene, waitMs };
    });
    return { ...scripted, scenes };
  }

  /** The flow that came up inside of a task, or those of a loop, by what the names of their tasks begin with. */
  #flowsIn(
    owner: TaskStatistics,
    inside: readonly TaskStatistics[],
  ): ReadonlyMap<string, readonly TaskStatistics[]> {
    const { taskName } = owner;
    const isLoop = this.#isLoop(owner);
    const flows = new Map<string, TaskStatistics[]>();
    for (const row of inside) {
      const end = isLoop ? row.taskName.indexOf("].", taskName.length) + 2 : undefined;
      const prefix = end === undefined ? `${taskName}.` : row.taskName.slice(0, end);
      if (!row.taskName.startsWith(prefix)) continue;
      const rows = flows.get(prefix) ?? [];
      this.#addPlanned(row, rows);
      flows.set(prefix, rows);
    }
    return flows;
  }

  /** It, after what is planned inside of it. */
  #addPlanned(row: TaskStatistics, rows: TaskStatistics[]): void {
    const inside = this.#isSubflow(row) ? this.#inside.get(row.taskName) : undefined;
    for (const one of inside ?? []) this.#addPlanned(one, rows);
    rows.push(row);
  }
}

interface Around {
  readonly owner: TaskStatistics;
  /** What the names of its tasks begin with. */
  readonly prefix: string;
  /** It gave a value for each of its roots: of the flows of a loop all did but the last. */
  readonly isWell: boolean;
}

/** What its value is made of, which no report says: all of it, and of a flow that was well what gave nothing was none of them. */
function rootsOf(
  { owner, isWell }: Around,
  rows: readonly TaskStatistics[],
  index: ReadonlyMap<string, number>,
): Root[] {
  const own = rows.filter(({ parent, kind }) => parent === owner.taskName && kind !== "tail");
  const given = isWell ? own.filter(hasValue) : own;
  return given.map(({ taskName }) => ({ key: taskName, task: index.get(taskName) as number }));
}

function hasValue({ status, fallback }: TaskStatistics): boolean {
  return status === "completed" || status === "restored" || fallback === true;
}

function withRole(
  rows: readonly TaskStatistics[],
  has: (row: TaskStatistics) => boolean,
): Set<number> {
  return new Set(rows.flatMap((row, at) => (has(row) ? [at] : [])));
}

/** What was held, as amounts of this run alone; what was spent, as rates and budgets of its own. */
function resourcesOf({
  resources = {},
  rates = {},
}: SerializedReport["run"]["config"]): Record<string, Resource> {
  const spent = Object.entries(rates).map(([name, { limit, perMs, burst }]) => {
    const rate = perMs === null ? { limit, perMs: Infinity } : { limit, perMs, burst };
    return [name, new RateLimit(rate)] as const;
  });
  return { ...resources, ...Object.fromEntries(spent) };
}
