/**
 * The graph of a report or a plan as boxes and arrows, and ever smaller views of it for formats that have limits. What is
 * inside of a subflow, a loop or a map of flows stands in a frame of its own. First what is inside of a map becomes one box
 * with the map, then what is inside of anything, then tasks with the same neighbours become one, at last whole stages do;
 * failed tasks keep a box of their own as long as any task does. Knows no format.
 */
import type { Plan, SerializedReport, TaskStatus } from "@astrum/core";
import { duration } from "../wording/duration.ts";
import { Nesting } from "../wording/nesting.ts";
import { STATUS_SIGN, STATUSES } from "../wording/outcome.ts";
import { visibleName } from "../wording/visible.ts";

export interface GraphView {
  readonly title: string;
  readonly boxes: readonly GraphBox[];
  readonly arrows: readonly GraphArrow[];
  /** Frames around boxes, those at the top; no deeper than `DEEPEST` in each other. */
  readonly frames: readonly GraphFrame[];
  /** What a box stands for where it is not one task; undefined for the whole graph. */
  readonly note: string | undefined;
}

export interface GraphBox {
  /** One visible line, not yet quoted for any format. */
  readonly label: string;
  /** Of a single task, or shared by all tasks of the box. */
  readonly status: TaskStatus | undefined;
  readonly critical: boolean;
  /** Places of its tasks in the report or plan. */
  readonly tasks: readonly number[];
}

/** What is inside of one task: its boxes, the task's own among them, and frames in turn. */
export interface GraphFrame {
  readonly label: string;
  /** Places in `boxes`. */
  readonly boxes: number[];
  readonly frames: GraphFrame[];
}

export interface GraphArrow {
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
  const maps = graph.nodes.some(({ map, index }) => map !== index);
  if (maps) yield view(graph, (node) => node.map, "one box per map");
  if (graph.nodes.some(({ map, outermost }) => outermost !== map)) {
    const what = maps ? "one box per map or subflow" : "one box per subflow";
    yield view(graph, (node) => node.outermost, what);
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

/** The planned graph: each map and subflow one box; and where tasks with the same neighbours share one. */
export function foldedViews(report: SerializedReport): readonly [GraphView, GraphView] {
  const graph = graphOfReport(report);
  return [
    view(graph, (node) => node.outermost, undefined),
    view(graph, alike(graph), "tasks with the same neighbours share a box"),
  ];
}

interface GraphNode {
  readonly index: number;
  readonly name: string;
  readonly stage: number;
  readonly status: TaskStatus | undefined;
  readonly ms: number | undefined;
  /** The outermost map that it is inside of; itself, where that is none. */
  readonly map: number;
  /** What it is inside of at the top; itself, where it is there. */
  readonly outermost: number;
  readonly dependencies: readonly { readonly node: number; readonly dashed: boolean }[];
}

interface Graph {
  readonly title: string;
  readonly nodes: readonly GraphNode[];
  readonly nesting: Nesting;
  /** Both ends of every dependency on the critical path: `from>to`. */
  readonly criticalArrows: ReadonlySet<string>;
  readonly criticalNodes: ReadonlySet<number>;
}

function graphOfReport(report: SerializedReport): Graph {
  const indexes = new Map(report.taskStatistics.map(({ taskName }, index) => [taskName, index]));
  const nesting = Nesting.of(report);
  const maps = mapsOf(report, nesting);
  const nodes = report.taskStatistics.map((task, index): GraphNode => {
    const dependencies = new Map<number, boolean>();
    for (const { task: name, kind } of task.dependencies) {
      const node = indexes.get(name);
      if (node === undefined || node === index) continue;
      const dashed = kind === "optional" || kind === "settled";
      dependencies.set(node, dashed && (dependencies.get(node) ?? true));
    }
    const parent = nesting.parentOf(index);
    // What came up at run time began when what it is inside of had: an item, a task that waits for no other in its flow.
    const cameUp = task.kind === "item" || (task.stageId === null && dependencies.size === 0);
    if (parent !== -1 && cameUp) dependencies.set(parent, false);
    const outermost = nesting.outermostOf(index);
    return {
      index,
      name: task.taskName,
      stage: task.stageId ?? report.taskStatistics[outermost]?.stageId ?? 0,
      status: task.status,
      ms: task.startAt === null ? undefined : task.durationMs,
      map: maps[index] as number,
      outermost,
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
  return { title: report.run.flow ?? report.run.id, nodes, nesting, criticalArrows, criticalNodes };
}

/** For each task the outermost map that it is inside of, or itself. */
function mapsOf({ taskStatistics }: SerializedReport, nesting: Nesting): Int32Array {
  const maps = new Int32Array(taskStatistics.length).fill(-1);
  const way: number[] = [];
  for (let from = 0; from < maps.length; from++) {
    let at = from;
    for (; at !== -1 && maps[at] === -1; at = nesting.parentOf(at)) way.push(at);
    // What is inside of a map is shown by it, and so is the map by one that it is inside of itself.
    let above = at === -1 ? -1 : (maps[at] as number);
    if (above !== -1 && taskStatistics[above]?.kind !== "map") above = -1;
    for (let one = way.pop(); one !== undefined; one = way.pop()) {
      maps[one] = above === -1 ? one : above;
      if (above === -1 && taskStatistics[one]?.kind === "map") above = one;
    }
  }
  return maps;
}

function graphOfPlan(plan: Plan): Graph {
  const indexes = new Map(plan.tasks.map(({ name }, index) => [name, index]));
  const nesting = new Nesting(plan.tasks);
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
      map: index,
      outermost: nesting.outermostOf(index),
      dependencies: Array.from(known, (node) => ({ node, dashed: false })),
    };
  });
  return { title: "plan", nodes, nesting, criticalArrows: new Set(), criticalNodes: new Set() };
}

/** Same dependencies, same dependents, and nothing that deserves a box of its own. */
function alike(graph: Graph): (node: GraphNode) => string | number {
  const before = graph.nodes.map(() => new Set<number>());
  const after = graph.nodes.map(() => new Set<number>());
  const alone = new Set<number>();
  for (const { index, outermost, status, dependencies } of graph.nodes) {
    if (status === "failed" || graph.criticalNodes.has(index)) alone.add(outermost);
    for (const { node } of dependencies) {
      const dependency = graph.nodes[node]?.outermost ?? node;
      if (dependency === outermost) continue;
      before[outermost]?.add(dependency);
      after[dependency]?.add(outermost);
    }
  }
  const listed = (places: ReadonlySet<number> = new Set()): string =>
    Array.from(places)
      .sort((a, b) => a - b)
      .join(" ");
  const keys = graph.nodes.map(({ index }) => `${listed(before[index])}>${listed(after[index])}`);
  return ({ outermost }) => (alone.has(outermost) ? outermost : (keys[outermost] ?? outermost));
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
    frames: framesOf(graph, position, members.size),
    note,
  };
}

/** Frames deeper in each other than that are drawn as one. */
const DEEPEST = 20;

interface Framed {
  readonly frame: GraphFrame;
  readonly depth: number;
}

/** Around what is inside of a task, where it has more than one box in this view; `position` is the box of each node. */
function framesOf(
  { nodes, nesting }: Graph,
  position: readonly number[],
  boxCount: number,
): GraphFrame[] {
  const top: GraphFrame[] = [];
  const frames = new Map<number, Framed>();
  /** Boxes that are not one task, nor one with all that is inside of it, are in no frame. */
  const owner = new Int32Array(boxCount).fill(-1);
  nodes.forEach(({ index }) => {
    const box = position[index] as number;
    const parent = nesting.parentOf(index);
    if (parent === -1 || position[parent] !== box) owner[box] = owner[box] === -1 ? index : -2;
  });
  const frameFor = (from: number): Framed | undefined => {
    const way: number[] = [];
    let framed: Framed | undefined;
    for (let at = from; at !== -1 && framed === undefined; at = nesting.parentOf(at)) {
      framed = frames.get(at);
      if (framed === undefined && nesting.folds(at)) way.push(at);
    }
    for (let at = way.pop(); at !== undefined; at = way.pop()) {
      if (framed === undefined || framed.depth < DEEPEST) {
        const label = visibleName(nodes[at]?.name ?? "");
        const frame: GraphFrame = { label, boxes: [], frames: [] };
        (framed?.frame.frames ?? top).push(frame);
        framed = { frame, depth: 1 + (framed?.depth ?? 0) };
      }
      frames.set(at, framed);
    }
    return framed;
  };
  owner.forEach((place, box) => {
    if (place < 0) return;
    const opened = nesting.childrenOf(place).some((child) => position[child] !== box);
    frameFor(opened ? place : nesting.parentOf(place))?.frame.boxes.push(box);
  });
  return top;
}

function boxFor(
  graph: Graph,
  group: readonly GraphNode[],
  nameOf: (first: GraphNode, last: GraphNode) => string,
): GraphBox {
  const [first] = group;
  const last = group.at(-1);
  if (first === undefined || last === undefined) {
    return { label: "", status: undefined, critical: false, tasks: [] };
  }
  const critical = group.some(({ index }) => graph.criticalNodes.has(index));
  const tasks = group.map(({ index }) => index);
  if (group.length === 1) {
    const parts = [visibleName(first.name)];
    if (first.status !== undefined) parts.push(STATUS_SIGN[first.status]);
    if (first.ms !== undefined) parts.push(duration(first.ms));
    return { label: parts.join(" "), status: first.status, critical, tasks };
  }
  const counts = STATUSES.map((status) => ({
    status,
    count: group.filter((node) => node.status === status).length,
  })).filter(({ count }) => count > 0);
  const signs = counts.map(({ status, count }) => `${STATUS_SIGN[status]}${count}`);
  const label = [visibleName(nameOf(first, last)), `×${group.length}`, ...signs].join(" ");
  const worst = counts.find(({ status }) => status === "failed") ?? counts[0];
  return { label, status: worst?.status, critical, tasks };
}
