/**
 * Flows inside of tasks, planned with the rest: the tasks of each become tasks of the graph around it, before the task that
 * they are inside of, under its name. What reads a parameter reads what was given for it. Checks nothing.
 */
import { type Definition, needs, prepares, type TaskHandle } from "./definition.ts";
import { filled, type GivenSlots, withGiven } from "./given-params.ts";
import { EdgeList, edgeKind, type Graph, INNER, type Root, type Subflow } from "./graph.ts";
import { SubflowHandle } from "./subflow.ts";

/** Definitions and edges in the place of handles. */
export interface Expanded {
  readonly definitions: readonly Definition[];
  readonly list: EdgeList;
  readonly subflows: readonly Subflow[];
  /** Tails that flows have brought along. */
  readonly tails: readonly number[];
  /** The row of each handle, by its index. */
  readonly rowOf: Int32Array;
}

/** `tasks`: handles, each after all that it reads, with their place as `index`. */
export function expand(tasks: readonly TaskHandle[]): Expanded {
  const making = new Making(tasks.length);
  for (const task of tasks) {
    if (task instanceof SubflowHandle) making.flow(task);
    else making.task(task);
  }
  return making.expanded;
}

class Making {
  readonly #definitions: Definition[] = [];
  /** By row: what it reads, and how. */
  readonly #edges: (readonly [dependency: number, kind: number])[][] = [];
  readonly #subflows: Subflow[] = [];
  readonly #tails: number[] = [];
  readonly #rowOf: Int32Array;

  constructor(handles: number) {
    this.#rowOf = new Int32Array(handles);
  }

  get expanded(): Expanded {
    const count = this.#edges.reduce((sum, edges) => sum + edges.length, 0);
    const list = new EdgeList(this.#definitions.length, count);
    for (const edges of this.#edges) {
      for (const [dependency, kind] of edges) list.add(dependency, kind);
      list.closeRow();
    }
    return {
      definitions: this.#definitions,
      list,
      subflows: this.#subflows,
      tails: this.#tails,
      rowOf: this.#rowOf,
    };
  }

  #add(definition: Definition, edges: (readonly [number, number])[]): number {
    this.#edges.push(edges);
    return this.#definitions.push(definition) - 1;
  }

  task(task: TaskHandle): void {
    this.#rowOf[task.index] = this.#add(task, this.#read(task.slots));
  }

  #read(slots: Definition["slots"]): (readonly [number, number])[] {
    return slots.flatMap(({ task, kind }) =>
      task === undefined
        ? []
        : [[this.#rowOf[(task as TaskHandle).index] as number, edgeKind(kind)] as const],
    );
  }

  flow(owner: SubflowHandle): void {
    const { graph } = owner.flow;
    const base = this.#definitions.length;
    const order = lastFirst(graph);
    const rows = new Int32Array(graph.size);
    order.forEach((task, at) => {
      rows[task] = base + at;
    });
    const given: GivenSlots = new Map(owner.slots.map((slot) => [slot.to as string, slot]));
    for (const task of order) this.#inner(owner.name, graph, task, rows, given);
    const rowsOf = (inner: Iterable<number>): number[] =>
      Array.from(inner, (task) => rows[task] as number);
    const roots = (inner: readonly Root[]): Root[] =>
      inner.map(({ key, task }) => ({ key, task: rows[task] as number }));
    for (const one of graph.subflows) {
      const at = rows[one.owner] as number;
      this.#subflows.push({
        owner: at,
        first: at - (one.owner - one.first),
        roots: roots(one.roots),
        finallyTasks: rowsOf(one.finallyTasks),
        asked: one.asked,
      });
    }
    // More than a call takes arguments.
    for (const tail of rowsOf(graph.tails)) this.#tails.push(tail);
    const asked = owner.options?.when !== undefined;
    const own = ownerOf(owner, asked);
    const edges = this.#read(own.slots);
    const inner = roots(graph.roots ?? []);
    for (const { task } of inner) edges.push([task, INNER]);
    const row = this.#add(own, edges);
    this.#rowOf[owner.index] = row;
    this.#subflows.push({
      owner: row,
      first: base,
      roots: inner,
      finallyTasks: rowsOf(graph.finallyTasks),
      asked,
    });
  }

  /** A task of the flow: what it reads inside of it, and what was given for parameters. */
  #inner(owner: string, graph: Graph, task: number, rows: Int32Array, given: GivenSlots): void {
    const { start, end, kind } = graph.dependencies;
    const whole = graph.definitions[task] as Definition;
    const edges: (readonly [number, number])[] = [];
    let edge = start[task] as number;
    for (const slot of whole.slots) {
      if (slot.task !== undefined) {
        edges.push([rows[end[edge] as number] as number, kind[edge] as number]);
        edge++;
      } else for (const read of this.#read([filled(slot, given)])) edges.push(read);
    }
    for (; edge < (start[task + 1] as number); edge++) {
      edges.push([rows[end[edge] as number] as number, kind[edge] as number]);
    }
    this.#add(renamed(withGiven(whole, given), `${owner}.${whole.name}`), edges);
  }
}

/** Finally tasks come after all others of their flow, each with what is inside of it. */
function lastFirst({ size, finallyTasks, subflows }: Graph): number[] {
  const order: number[] = [];
  const last: number[] = [];
  const firstOf = new Map(subflows.map(({ owner, first }) => [owner, first]));
  for (let task = size - 1; task >= 0; ) {
    const first = firstOf.get(task) ?? task;
    const into = finallyTasks.has(task) ? last : order;
    for (let one = task; one >= first; one--) into.push(one);
    task = first - 1;
  }
  return [...order.reverse(), ...last.reverse()];
}

/** It takes what it was given only to be asked with it. */
function ownerOf(owner: SubflowHandle, asked: boolean): Definition {
  const { name, kind, call, run, options, role } = owner;
  const slots = asked ? owner.slots : [];
  return {
    name,
    kind,
    slots,
    call,
    run,
    options,
    role,
    prepares: prepares(kind, slots, options),
    needs: needs(slots, options),
    // Who asks for its outcome has the handle.
    standsFor: owner,
  };
}

/** A handle is no plain object: what is read of it is written out. */
function renamed(definition: Definition, name: string): Definition {
  const { kind, slots, call, run, options, prepares, needs, role, steps, takesInputs } = definition;
  const made = { name, kind, slots, call, run, options, prepares, needs, role, steps };
  return takesInputs === undefined ? made : { ...made, takesInputs };
}
