/**
 * From the roots, tails and finally tasks of a flow to all that they reach, and to the graph of these. Knows no run.
 */
import type { Parameter, TaskHandle } from "../define/definition.ts";
import { expand } from "../define/expand.ts";
import {
  EdgeList,
  edgeKind,
  type Graph,
  graph,
  graphOfShape,
  type Roles,
  type Root,
} from "../define/graph.ts";
import { checkGivenThings } from "../define/living.ts";
import { keepShape, shapeOf } from "../define/shape.ts";
import { SubflowHandle } from "../define/subflow.ts";
import type { Issues } from "../ground/check.ts";

/** What a flow has beside its roots. */
export type Beside = Readonly<
  Record<"tails" | "finally", readonly (readonly [key: string, task: TaskHandle])[]>
>;

let walks = 0;

export function reach(
  name: string,
  roots: readonly [key: string, task: TaskHandle][],
  { tails, finally: finallyTasks }: Beside,
  issues: Issues,
): Graph {
  const walk = ++walks;
  const found: TaskHandle[] = [];
  const meet = (task: TaskHandle): void => {
    if (task.walk === walk) return;
    task.walk = walk;
    found.push(task);
  };
  for (const [, task] of roots) meet(task);
  for (const [, task] of tails) meet(task);
  for (const [, task] of finallyTasks) meet(task);
  let edges = 0;
  for (let at = 0; at < found.length; at++) {
    const { slots } = found[at] as TaskHandle;
    edges += slots.length;
    for (const slot of slots) {
      if (slot.task !== undefined) meet(slot.task as TaskHandle);
    }
  }
  const tasks = inOrderOfCreation(found);
  for (let index = 0; index < tasks.length; index++) (tasks[index] as TaskHandle).index = index;
  const nests = tasks.some((task) => task instanceof SubflowHandle);
  const plain = !nests && tails.length === 0 && finallyTasks.length === 0;
  const shape = plain ? shapeOf(tasks, roots) : undefined;
  if (shape !== undefined) return graphOfShape(name, tasks, shape, issues);
  const list = new EdgeList(tasks.length, edges);
  const readers = new Map<string, Reader>();
  for (let index = 0; index < tasks.length; index++) {
    const task = tasks[index] as TaskHandle;
    for (const { task: dependency, kind, param } of task.slots) {
      if (dependency !== undefined) list.add((dependency as TaskHandle).index, edgeKind(kind));
      else if (param !== undefined && !nests) checkParameter(issues, readers, param, task.name);
    }
    list.closeRow();
  }
  const rootList: Root[] = roots.map(([key, task]) => ({ key, task: task.index }));
  const roles = {
    tails: new Set(tails.map(([, task]) => task.index)),
    finallyTasks: new Set(finallyTasks.map(([, task]) => task.index)),
  };
  for (const { task } of rootList) {
    const { name } = tasks[task] as TaskHandle;
    if (roles.tails.has(task)) {
      issues.add(
        "root-and-tail",
        `Task "${name}" is a root and a tail: nobody waits for a tail task, so its output cannot be promised. Leave it out of one of them`,
        ["tails", name],
      );
    }
    if (roles.finallyTasks.has(task)) {
      issues.add(
        "root-and-finally",
        `Task "${name}" is a root and a finally task: what a finally task gives is no result of the flow. Leave it out of one of them`,
        ["finally", name],
      );
    }
  }
  if (nests) return withSubflows(name, tasks, roles, rootList, issues);
  const made = graph(name, tasks, list, roles, rootList, issues);
  if (plain && issues.list.length === 0) keepShape(made);
  return made;
}

/** The same with the tasks of the flows that are inside of some of these. */
function withSubflows(
  name: string,
  tasks: readonly TaskHandle[],
  roles: Roles,
  roots: readonly Root[],
  issues: Issues,
): Graph {
  for (const task of tasks) {
    if (task instanceof SubflowHandle) checkGivenThings(issues, task.name, task.flow.graph);
  }
  const { definitions, list, subflows, tails, rowOf } = expand(tasks);
  const row = (task: number): number => rowOf[task] as number;
  const readers = new Map<string, Reader>();
  for (const { name, slots } of definitions) {
    for (const { param } of slots) {
      if (param !== undefined) checkParameter(issues, readers, param, name);
    }
  }
  const all = {
    tails: new Set([...Array.from(roles.tails, row), ...tails]),
    finallyTasks: new Set(Array.from(roles.finallyTasks, row)),
    subflows,
  };
  const rootRows = roots.map(({ key, task }) => ({ key, task: row(task) }));
  return graph(name, definitions, list, all, rootRows, issues);
}

/** A parameter, and the first task that was met reading it. */
interface Reader {
  readonly param: Parameter;
  readonly task: string;
  told: boolean;
}

/** A value is bound by the name of its parameter, so of one name there is one parameter. */
function checkParameter(
  issues: Issues,
  readers: Map<string, Reader>,
  param: Parameter,
  task: string,
): void {
  const first = readers.get(param.name);
  if (first === undefined) readers.set(param.name, { param, task, told: false });
  else if (first.param !== param && !first.told) {
    first.told = true;
    const by = first.task === task ? `task "${task}"` : `tasks "${first.task}" and "${task}"`;
    issues.add(
      "duplicate-name",
      `Two parameters are named "${param.name}", read by ${by}: names identify parameters, share one of them or give each its own name`,
      ["params", param.name],
    );
  }
}

/** By serial number; when they lie close together, which is usual, without comparing them. */
function inOrderOfCreation(tasks: TaskHandle[]): TaskHandle[] {
  if (tasks.length === 0) return tasks;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const { serial } of tasks) {
    if (serial < least) least = serial;
    if (serial > most) most = serial;
  }
  if (most - least > 4 * tasks.length) return tasks.sort((a, b) => a.serial - b.serial);
  const places: (TaskHandle | undefined)[] = new Array(most - least + 1).fill(undefined);
  for (const task of tasks) places[task.serial - least] = task;
  let count = 0;
  for (const task of places) if (task !== undefined) tasks[count++] = task;
  return tasks;
}
