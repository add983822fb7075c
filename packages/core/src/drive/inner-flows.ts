/**
 * Flows that the functions of a run return: is a value one, and can it come up inside of its task? What is wrong with it
 * is told at once, all of it. Starts nothing.
 */
import { lives } from "../define/definition.ts";
import { FlowHandle, foreignFlow } from "../define/flow-handle.ts";
import type { Graph } from "../define/graph.ts";
import { checkGivenThings } from "../define/living.ts";
import { plainName } from "../define/task.ts";
import { Issues } from "../ground/check.ts";
import { PlanError } from "../ground/errors.ts";
import type {
  InnerFlow,
  IteratedEvent,
  MachineEvent,
  PreparedEvent,
  ReturnedEvent,
} from "../machine/event.ts";
import type { Dispatch, Machine } from "../machine/machine.ts";
import { parentOf, taskName, taskNamed } from "../machine/task-name.ts";
import { definitionOf } from "./definition-of.ts";
import type { RunOptions } from "./options.ts";
import { checkDemands } from "./resources.ts";
import { checkSize, isTooLarge } from "./size.ts";
import type { Stored } from "./stored.ts";

/** How many flows may be inside of one another. */
const MAX_DEPTH = 100;

/** What it needs of the driver. */
export interface InnerFlowsHost {
  readonly machine: Machine;
  readonly stored: Pick<Stored, "restoreInside">;
}

export class InnerFlows {
  readonly #host: InnerFlowsHost;
  readonly #options: RunOptions;
  readonly #dispatch: Dispatch;
  /** Names with dots that tasks of flows were given, by their whole name. */
  readonly #dotted: Set<string> = new Set();
  #planned: boolean | undefined;
  /** The names of the flow that was looked at last: those that one function makes again and again share them. */
  #lookedAt: Graph["index"] | undefined;

  constructor(host: InnerFlowsHost, options: RunOptions, dispatch: Dispatch) {
    this.#host = host;
    this.#options = options;
    this.#dispatch = dispatch;
  }

  /** The event for the machine, when a task has returned a flow: one that cannot come up there fails the attempt. */
  returned(event: ReturnedEvent): MachineEvent | undefined {
    const { task, value, at, facts } = event;
    if (typeof value !== "object" || value === null) return undefined;
    try {
      const foreign = foreignFlow(value);
      if (foreign !== undefined)
        this.#refused(`Task "${this.#nameOf(task)}" has returned ${foreign}`);
      if (!(value instanceof FlowHandle)) return undefined;
      if (lives(definitionOf(this.#host.machine, task))) {
        this.#refused(
          `Task "${this.#nameOf(task)}" has \`release\`, and has returned a flow: what lives inside of that is for its own tasks to release`,
        );
      }
      // The machine does not look at the value.
      if (!this.#host.machine.mayComplete(task)) return { ...event, value: undefined };
      const inner = this.inside(task, value);
      return { type: "returned", task, value: undefined, at, inner, facts };
    } catch (error) {
      return { type: "threw", task, at, error, facts };
    }
  }

  /**
   * The event for the machine, when a loop is about to go on with a flow: one that cannot come up there fails the loop, one
   * that is not wanted any more does not come up.
   */
  next(event: PreparedEvent | IteratedEvent): MachineEvent {
    const { inner, ...rest } = event;
    if (!(inner instanceof FlowHandle)) return event;
    const { machine } = this.#host;
    const { task } = event;
    const first = event.type === "prepared";
    if (!(first ? machine.awaitsInputs(task) : machine.awaitsNext(task))) return rest;
    const before = first ? undefined : machine.ledger.spawns.in(task);
    try {
      return { ...event, inner: this.inside(task, inner, (before?.iteration ?? -1) + 1) };
    } catch (error) {
      return { ...rest, error };
    }
  }

  /** `iteration`: of a loop. */
  inside(owner: number, flow: FlowHandle, iteration?: number): InnerFlow {
    const { graph } = flow;
    if (this.#mayBeWrong(owner, graph)) this.#check(owner, flow, iteration);
    const stands = this.#host.stored.restoreInside({ owner, graph, iteration });
    return iteration === undefined ? { graph, ...stands } : { graph, ...stands, iteration };
  }

  /** Most are made of tasks that need nothing and have plain names: of these no word is written. */
  #mayBeWrong(owner: number, graph: Graph): boolean {
    const { ledger } = this.#host.machine;
    const { needing, lives, size } = graph;
    return (
      needing.length > 0 ||
      lives ||
      this.#dispatch === "stages" ||
      isTooLarge(size, ledger.tasks, this.#options.maxTasks) ||
      this.#hasDots(graph) ||
      this.#depthOf(owner) >= MAX_DEPTH
    );
  }

  /** Whether any name that matters here holds a dot. */
  #hasDots({ definitions, index }: Graph): boolean {
    const { graph } = this.#host.machine.plan;
    this.#planned ??= graph.definitions.some(({ name }) => name.includes("."));
    if (this.#planned || this.#dotted.size > 0) return true;
    if (index === this.#lookedAt) return false;
    const dots = definitions.some(({ name }) => name.includes("."));
    if (!dots) this.#lookedAt = index;
    return dots;
  }

  #check(owner: number, { graph, name }: FlowHandle, iteration: number | undefined): void {
    const issues = new Issues();
    const path = this.#nameOf(owner);
    const of = `Flow "${name}", which came up inside of "${path}",`;
    const tell = (code: string, message: string): void =>
      issues.add(code, message, ["tasks", path]);
    if (this.#dispatch === "stages") {
      tell(
        "flow-in-stages",
        `${of} cannot run with \`dispatch: "stages"\`: its stages are planned before the run`,
      );
    }
    if (this.#depthOf(owner) >= MAX_DEPTH) {
      tell(
        "too-deep",
        `${of} is inside of ${MAX_DEPTH} others: no more may be inside of one another`,
      );
    }
    checkSize(issues, graph.size, this.#host.machine.ledger.tasks, this.#options.maxTasks, path);
    this.#checkNeeds(issues, graph, path, name);
    checkGivenThings(issues, path, graph);
    this.#checkNames(issues, graph, iteration === undefined ? path : `${path}[${iteration}]`);
    issues.throwAs(PlanError);
  }

  #refused(message: string): never {
    throw new PlanError([{ code: "invalid-flow", message, path: [] }]);
  }

  #nameOf(task: number): string {
    const { plan, ledger } = this.#host.machine;
    return taskName(plan.graph, ledger, task);
  }

  /** How many flows a task is inside of. */
  #depthOf(task: number): number {
    const { ledger } = this.#host.machine;
    let depth = 0;
    for (let at: number | undefined = task; at !== undefined; at = parentOf(ledger, at)) {
      if (ledger.itemsOf(at) === undefined && parentOf(ledger, at) !== undefined) depth++;
    }
    return depth;
  }

  /** It is given nothing by the run that it comes up in but what its tasks hold while they run. */
  #checkNeeds(issues: Issues, { needing }: Graph, path: string, flow: string): void {
    for (const { name, slots, options } of needing) {
      const task = `${path}.${name}`;
      if (options?.resources !== undefined) {
        checkDemands(issues, task, options.resources, this.#options);
      }
      for (const { param } of slots) {
        if (param === undefined) continue;
        const key = plainName(param.name) ?? JSON.stringify(param.name);
        issues.add(
          "missing-parameter",
          `Task "${task}" needs the parameter "${param.name}": give it to flow "${flow}" before it is returned, with \`.with({ ${key}: … })\``,
          ["tasks", task, param.name],
        );
      }
    }
  }

  /** A name may hold dots, unless it is then that of a task inside of another. */
  #checkNames(issues: Issues, graph: Graph, path: string): void {
    const { plan, ledger } = this.#host.machine;
    if (!this.#hasDots(graph)) return;
    for (const { name } of graph.definitions) {
      const dotted = name.includes(".");
      const whole = `${path}.${name}`;
      if (dotted) this.#dotted.add(whole);
      if (taskNamed(plan.graph, ledger, whole) === undefined) continue;
      issues.add(
        "duplicate-name",
        `Two tasks are named "${whole}", one of them inside of "${path}": rename one of them`,
        ["tasks", whole],
      );
    }
  }
}
