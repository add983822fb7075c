/**
 * The graph of a report or a plan as boxes and arrows, and ever smaller views of it for formats that have limits. First
 * the items of a map become one box with the map, then tasks with the same neighbours become one, at last whole stages do;
 * failed tasks keep a box of their own as long as any task does. Knows no format.
 */
import type { Plan, SerializedReport, TaskStatus } from "@astrum/core";
import { duration } from "../wording/duration.ts";
import { STATUS_SIGN, STATUSES } from "../wording/outcome.ts";
import { visibleName } from "../wording/visible.ts";

export interface GraphView {
  readonly title: string;
  readonly boxes: readonly GraphBox[];
  readonly arrows: readonly GraphArrow[];
  /** What a box stands for where it is not one task; undefined for the whole graph. */
  readonly note: string | undefined;
}

interface GraphBox {
  /** One visible line, not yet quoted for any format. */
  readonly label: string;
  /** Of a single task, or shared by all tasks of the box. */
  readonly status: TaskStatus | undefined;
  readonly critical: boolean;
}

interface GraphArrow {
  readonly from: number;
  readonly to: number;
  /** Solid for values and plain order, dashed where the dependent runs even when this fails. */
  readonly dashed: boolean;
  readonly critical: boolean;
}

/** Whatever else it is, is no plan. */
export function isPlan(subject: unknown): subject is Plan {
  return typeof (subject as Partial<Plan> | null | undefined)?.explain === "function";
}

/** Starts with the whole graph; every further view has fewer boxes, the last one at most a handful. */
export function* graphViews(subject: SerializedReport | Plan): Generator<GraphView> {
  const graph = isPlan(subject) ? graphOfPlan(subject) : graphOfReport(subject);
  yield view(graph, (node) => node.index, undefined);
  if (graph.nodes.some(({ map }) => map !== undefined)) {
    yield view(graph, (node) => node.map ?? node.index, "one box per map");
  }
  yield view(graph, alike(graph), "tasks with the same neighbours share a box");
  const stages = 1 + graph.nodes.reduce((deepest, { stage }) => Math.max(deepest, stage), 0);
  for (const most of [200, 50, 10]) {
    const width = Math.ceil(stages / most);
    yield view(
      graph,
      (node) => (node.status === "failed" ? `task ${node.index}` : Math.floor(node.stage / width)),
      width === 1 ? "one box per stage" : `one box per ${width} stages`,
      (first, last) =>
        first.stage === last.stage
          ? `stage ${first.stage}`
          : `stages ${first.stage} to ${last.stage}`,
    );
  }
  yield view(
    graph,
    () => 0,
    "the whole graph is one box",
    () => graph.title,
  );
}

interface GraphNode {
  readonly index: number;
  readonly name: string;
  readonly stage: number;
  readonly status: TaskStatus | undefined;
  readonly ms: number | undefined;
  readonly map: number | undefined;
  readonly dependencies: readonly { readonly node: number; readonly dashed: boolean }[];
}

interface Graph {
  readonly title: string;
  readonly nodes: readonly GraphNode[];
  /** Both ends of every dependency on the critical path: `from>to`. */
  readonly criticalArrows: ReadonlySet<string>;
  readonly criticalNodes: ReadonlySet<number>;
}

function graphOfReport(report: SerializedReport): Graph {
  const indexes = new Map(report.taskStatistics.map(({ taskName }, index) => [taskName, index]));
  const nodes = report.taskStatistics.map((task, index): GraphNode => {
    const map =
      task.kind === "item" && task.parent !== undefined ? indexes.get(task.parent) : undefined;
    const dependencies = new Map<number, boolean>();
    for (const { task: name, kind } of task.dependencies) {
      const node = indexes.get(name);
      if (node === undefined || node === index) continue;
      const dashed = kind === "optional" || kind === "settled";
      dependencies.set(node, dashed && (dependencies.get(node) ?? true));
    }
    if (map !== undefined) dependencies.set(map, false);
    return {
      index,
      name: task.taskName,
      stage: task.stageId ?? stageOf(report, map),
      status: task.status,
      ms: task.startAt === null ? undefined : task.durationMs,
      map,
      dependencies: Array.from(dependencies, ([node, dashed]) => ({ node, dashed })),
    };
  });
  const criticalNodes = new Set<number>();
  const criticalArrows = new Set<string>();
  let before: number | undefined;
  for (const { task } of report.analysis.criticalPath) {
    const node = indexes.get(task);
    if (node === undefined) continue;
    criticalNodes.add(node);
    if (before !== undefined && before !== node) criticalArrows.add(`${before}>${node}`);
    before = node;
  }
  return { title: report.run.flow ?? report.run.id, nodes, criticalArrows, criticalNodes };
}

function stageOf(report: SerializedReport, map: number | undefined): number {
  return map === undefined ? 0 : (report.taskStatistics[map]?.stageId ?? 0);
}

function graphOfPlan(plan: Plan): Graph {
  const indexes = new Map(plan.tasks.map(({ name }, index) => [name, index]));
  const nodes = plan.tasks.map(({ name, stageId, dependencies }, index): GraphNode => {
    const known = new Set<number>();
    for (const dependency of dependencies) {
      const node = indexes.get(dependency);
      if (node !== undefined && node !== index) known.add(node);
    }
    return {
      index,
      name,
      stage: stageId,
      status: undefined,
      ms: undefined,
      map: undefined,
      dependencies: Array.from(known, (node) => ({ node, dashed: false })),
    };
  });
  return { title: "plan", nodes, criticalArrows: new Set(), criticalNodes: new Set() };
}

/** Same dependencies, same dependents, and nothing that deserves a box of its own. */
function alike(graph: Graph): (node: GraphNode) => string | number {
  const dependents = graph.nodes.map((): number[] => []);
  const folded = (index: number): number => graph.nodes[index]?.map ?? index;
  for (const node of graph.nodes) {
    for (const { node: dependency } of node.dependencies) {
      if (node.map === undefined) dependents[folded(dependency)]?.push(node.index);
    }
  }
  return (node) => {
    const own = folded(node.index);
    const task = graph.nodes[own];
    if (task === undefined || task.status === "failed" || graph.criticalNodes.has(own)) return own;
    const before = task.dependencies.map(({ node: dependency }) => dependency);
    return `${before.sort((a, b) => a - b).join(" ")}>${dependents[own]?.join(" ")}`;
  };
}

function view(
  graph: Graph,
  boxOf: (node: GraphNode) => string | number,
  note: string | undefined,
  nameOf: (first: GraphNode, last: GraphNode) => string = (first) => first.name,
): GraphView {
  const members = new Map<string | number, GraphNode[]>();
  for (const node of graph.nodes) {
    const box = boxOf(node);
    const group = members.get(box);
    if (group === undefined) members.set(box, [node]);
    else group.push(node);
  }
  const positions = new Map(Array.from(members.keys(), (box, position) => [box, position]));
  const position = graph.nodes.map((node) => positions.get(boxOf(node)) ?? 0);
  const arrows = new Map<
    string,
    { from: number; to: number; dashed: boolean; critical: boolean }
  >();
  for (const node of graph.nodes) {
    for (const { node: dependency, dashed } of node.dependencies) {
      const from = position[dependency] ?? 0;
      const to = position[node.index] ?? 0;
      if (from === to) continue;
      const critical = graph.criticalArrows.has(`${dependency}>${node.index}`);
      const key = `${from}>${to}`;
      const arrow = arrows.get(key);
      if (arrow === undefined) arrows.set(key, { from, to, dashed, critical });
      else {
        arrow.dashed &&= dashed;
        arrow.critical ||= critical;
      }
    }
  }
  return {
    title: graph.title,
    boxes: Array.from(members.values(), (group) => boxFor(graph, group, nameOf)),
    arrows: Array.from(arrows.values()),
    note,
  };
}

function boxFor(
  graph: Graph,
  group: readonly GraphNode[],
  nameOf: (first: GraphNode, last: GraphNode) => string,
): GraphBox {
  const [first] = group;
  const last = group.at(-1);
  if (first === undefined || last === undefined) {
    return { label: "", status: undefined, critical: false };
  }
  const critical = group.some(({ index }) => graph.criticalNodes.has(index));
  if (group.length === 1) {
    const parts = [visibleName(first.name)];
    if (first.status !== undefined) parts.push(STATUS_SIGN[first.status]);
    if (first.ms !== undefined) parts.push(duration(first.ms));
    return { label: parts.join(" "), status: first.status, critical };
  }
  const counts = STATUSES.map((status) => ({
    status,
    count: group.filter((node) => node.status === status).length,
  })).filter(({ count }) => count > 0);
  const signs = counts.map(({ status, count }) => `${STATUS_SIGN[status]}${count}`);
  const label = [visibleName(nameOf(first, last)), `×${group.length}`, ...signs].join(" ");
  const worst = counts.find(({ status }) => status === "failed") ?? counts[0];
  return { label, status: worst?.status, critical };
}
