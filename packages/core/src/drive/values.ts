/**
 * What the tasks of one run gave, and what others take from it: outputs by task, inputs that were resolved before their
 * task queued, the arguments of each call. Holds values; knows no promise and starts nothing.
 */

import type { Definition } from "../define/definition.ts";
import type { Outcome } from "../define/task.ts";
import type { Machine } from "../machine/machine.ts";
import { Sparse } from "../machine/sparse.ts";
import { taskName } from "../machine/task-name.ts";
import { collect, gathered, type Outcomes, outcomeOf } from "../report/outcome.ts";
import type { Reasons } from "../report/reasons.ts";
import { NO_INPUTS, type Prepared, plainArguments, plainInputs, type Sources } from "./inputs.ts";
import { NO_PARAMETERS, type Parameters } from "./parameters.ts";

const NONE: ReadonlySet<number> = new Set();

export class Values implements Sources {
  /** There once the run has begun. */
  params: Parameters = NO_PARAMETERS;
  /** By task and item. */
  readonly all: unknown[];
  /** Tasks whose output was let go. */
  get released(): ReadonlySet<number> {
    return this.#released ?? NONE;
  }
  readonly #machine: Machine;
  readonly #reasons: Reasons;
  #released: Set<number> | undefined;
  readonly #prepared: Sparse<Prepared> = new Sparse();
  /** Of maps that have ended, unless outputs are let go: their items are part of what their outputs were made from. */
  readonly #lists: Sparse<readonly unknown[]> | undefined;

  constructor(machine: Machine, reasons: Reasons, keep: "all" | "roots" = "all") {
    this.#machine = machine;
    this.#reasons = reasons;
    if (keep === "all") this.#lists = new Sparse();
    this.all = new Array(machine.plan.graph.size);
  }

  set(task: number, value: unknown): void {
    // Written far behind its end an array becomes a table of hashes: inner tasks end before the items around them.
    if (task >= this.all.length) this.all.length = this.#machine.ledger.tasks;
    this.all[task] = value;
  }

  /** Outputs of items, or of the tasks of a flow, that come up next. */
  restoreNext(restored: ReadonlyMap<number, unknown> | undefined): void {
    if (restored === undefined) return;
    const first = this.#machine.ledger.tasks;
    for (const [index, output] of restored) this.all[first + index] = output;
  }

  /** The output of a map is made of those of its items, that of a task with a flow inside of those of its roots. */
  gather(owner: number): unknown {
    const value = this.inside(owner);
    this.set(owner, value);
    return value;
  }

  /** What the flow inside of a task gave, of a loop the last one. */
  inside(owner: number): unknown {
    return gathered(this.#outcomes, this.#machine.plan.graph, owner);
  }

  /** What a task takes that was prepared, as one object. */
  inputsOf(task: number): unknown {
    return this.#preparedOf(task)?.inputs;
  }

  /** For the error of a map that failed. */
  collect(map: number): void {
    collect(this.#outcomes, map);
  }

  release(task: number): void {
    this.all[task] = undefined;
    this.#released ??= new Set();
    this.#released.add(task);
  }

  /** Keeps resolved inputs for all attempts of the task. */
  hold(task: number, prepared: Prepared): void {
    this.#prepared.set(task, prepared);
  }

  /** Whether inputs are kept for any task. */
  get holds(): boolean {
    return this.#prepared.size > 0;
  }

  /** Lets go of the inputs of a task that has ended: they would keep alive what `keep: "roots"` lets go. */
  forget(task: number): void {
    const planned = this.#machine.ledger.writtenOf(task);
    if (!this.#machine.ledger.isFinal(planned)) return;
    const list = this.#prepared.get(planned)?.list;
    if (list !== undefined) this.#lists?.set(planned, list);
    this.#prepared.delete(planned);
  }

  /** The list that a map maps over, as long as anything can be asked about it. */
  listOf(map: number): readonly unknown[] | undefined {
    return this.#prepared.get(map)?.list ?? this.#lists?.get(map);
  }

  /** Calls a task's function with what it takes. Throws what it throws. */
  call(definition: Definition, task: number, context: unknown): unknown {
    const run = definition.run as (...args: unknown[]) => unknown;
    const { ledger } = this.#machine;
    const prepared = this.holds ? this.#preparedOf(task) : undefined;
    const items = prepared !== undefined ? ledger.itemsOf(task) : undefined;
    if (prepared !== undefined && items !== undefined) {
      const index = task - items.first;
      const item = prepared.list?.[index];
      // Spreading a list of these costs as much as a look at the clock.
      return definition.takesInputs
        ? run(item, index, prepared.inputs, context)
        : run(item, index, context);
    }
    if (definition.call === "positional") {
      return run(...this.argumentsOf(definition, task), context);
    }
    if (prepared !== undefined) return run(prepared.inputs, context);
    const inputs = definition.call === "nothing" ? NO_INPUTS : plainInputs(definition, task, this);
    return run(inputs, context);
  }

  /** Everything but the context. */
  argumentsOf(definition: Definition, task: number): unknown[] {
    const prepared = this.#preparedOf(task);
    const spawn = this.#machine.ledger.itemsOf(task);
    if (spawn !== undefined && prepared !== undefined) {
      const index = task - spawn.first;
      const args = [prepared.list?.[index], index];
      return definition.takesInputs ? [...args, prepared.inputs] : args;
    }
    if (definition.call === "positional") {
      return (prepared?.inputs as unknown[] | undefined) ?? plainArguments(definition, task, this);
    }
    return [prepared?.inputs ?? plainInputs(definition, task, this)];
  }

  #preparedOf(task: number): Prepared | undefined {
    return this.#prepared.get(this.#machine.ledger.writtenOf(task));
  }

  value(task: number, edge: number): unknown {
    return this.all[this.#dependency(task, edge)];
  }

  hasValue(task: number, edge: number): boolean {
    return this.#machine.ledger.hasValue(this.#dependency(task, edge));
  }

  outcome(task: number, edge: number): Outcome<unknown> {
    return outcomeOf(this.#outcomes, this.#dependency(task, edge));
  }

  get #outcomes(): Outcomes {
    const { all: outputs, released } = this;
    return { ledger: this.#machine.ledger, reasons: this.#reasons, outputs, released };
  }

  wants(task: number): boolean {
    return this.#machine.awaitsInputs(task);
  }

  dependencyName(task: number, edge: number): string {
    const { plan, ledger } = this.#machine;
    return taskName(plan.graph, ledger, this.#dependency(task, edge));
  }

  #dependency(task: number, edge: number): number {
    const { plan, ledger } = this.#machine;
    const { start, end } = (ledger.grown ?? plan.graph).dependencies;
    return end[(start[task] as number) + edge] as number;
  }
}
