/**
 * Door 1: `task` and `map` make handles. A handle describes and never changes; it knows no flow, no run and no output.
 */
import { Issues } from "../ground/check.ts";
import { DefinitionError, describe } from "../ground/errors.ts";
import type { OutputOf, Schema } from "./schema.ts";
import type { MapOptions, TaskOptions } from "./task-options.ts";

declare const OUTPUT: unique symbol;
declare const VALUE: unique symbol;

/** A task that was defined with `task` or `map`, and what it returns. Hand it to others as an input. */
export interface Task<out T> {
  readonly name: string;
  readonly [OUTPUT]: () => T;
}

/** What a task takes from another task or from the run, when that is not simply its output. */
export interface Input<out T> {
  readonly [VALUE]: () => T;
}

export type Inputs = { readonly [name: string]: Task<unknown> | Input<unknown> };
export type ValueOf<I> = I extends Task<infer T> ? T : I extends Input<infer T> ? T : never;
export type ValuesOf<D extends Inputs> = { readonly [K in keyof D]: ValueOf<D[K]> };

/** What became of a task, as its dependents (`settled`) and the caller (`report.outcome`) see it. */
export type Outcome<T> =
  | {
      readonly status: "completed";
      readonly value: T;
      readonly restored: boolean;
      /** The value was let go, because every reader was done (`keep: "roots"`). */
      readonly released?: true;
    }
  | { readonly status: "failed"; readonly error: unknown; readonly timedOut: boolean }
  | { readonly status: "cancelled" | "abandoned"; readonly reason: unknown }
  | { readonly status: "skipped"; readonly reason: string };

/** What an attempt is handed beside its inputs. */
export interface TaskContext {
  readonly taskName: string;
  readonly runId: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when this attempt is asked to stop; `reason` is always an error that says why. */
  readonly signal: AbortSignal;
  /** Recorded with the task. */
  readonly attributes: Map<string, string | number | boolean>;
  /** Tells observers how far the attempt is, from 0 to 1. */
  progress(fraction: number, message?: string): void;
  /**
   * Runs `cleanup` after this attempt, however it ended: last in first out, awaited, before its slot is free, with a
   * signal of its own. An error of a cleanup fails a completed attempt.
   */
  defer(cleanup: (signal: AbortSignal) => unknown): void;
}

/** How a slot reads: from a task's outcome, or from elsewhere. */
export type SlotKind =
  | "value"
  | "optional"
  | "settled"
  | "after"
  | "param"
  | "constant"
  | "compute";

/** One input of a definition: where it goes, where it comes from. */
export interface Slot {
  /** The key of the inputs object, or the position of the argument. */
  readonly to: string | number;
  readonly kind: SlotKind;
  /** The task it reads, for the first four kinds. */
  readonly task?: TaskHandle | string;
  readonly param?: Parameter;
  /** A key (plain property read), a function of the value, or a locator (strict own key or index). */
  readonly select?: Select | undefined;
  readonly constant?: unknown;
  readonly compute?: () => unknown;
  readonly schema?: Schema | undefined;
}
/** A value of the run that a slot reads. */
export interface Parameter {
  readonly name: string;
  readonly schema: Schema | undefined;
}
export type Select =
  | { readonly how: "key"; readonly key: PropertyKey }
  | { readonly how: "function"; readonly of: (value: never) => unknown }
  | { readonly how: "locator"; readonly at: string | number };

/** What both doors hand to the graph: a named function, its inputs and its options. */
export interface Definition {
  readonly name: string;
  readonly kind: "task" | "map";
  /** A map's first slot is the list that it maps over. */
  readonly slots: readonly Slot[];
  /** How the function is called: with one object of inputs, or with one argument a slot. */
  readonly call: "inputs" | "positional";
  readonly run: (...args: never[]) => unknown;
  readonly options: (TaskOptions<never> & { readonly concurrency?: number }) | undefined;
  /** Whether something must be resolved, checked or asked before the task may queue. */
  readonly prepares: boolean;
  /** Of a map: whether its function takes an object of inputs, be it an empty one, beside item and index. */
  readonly takesInputs?: boolean;
}

export function prepares({ kind, slots, options }: Omit<Definition, "prepares">): boolean {
  if (kind === "map" || options?.when !== undefined) return true;
  for (const { select, compute, schema } of slots) {
    if (select !== undefined || compute !== undefined || schema !== undefined) return true;
  }
  return false;
}

/** Retries after the first attempt. */
export function maxRetriesOf({ options }: Definition): number {
  const retry = options?.retry;
  return typeof retry === "object" ? retry.attempts : (retry ?? 0);
}

let handles = 0;

/** What a `Task` is inside. */
export class TaskHandle implements Definition {
  readonly name: string;
  readonly kind: "task" | "map";
  readonly slots: readonly Slot[];
  readonly run: (...args: never[]) => unknown;
  readonly options: Definition["options"];
  readonly prepares: boolean;
  /** A handle exists before whatever depends on it: the order of creation is a topological order. */
  readonly serial: number = handles++;
  /**
   * Scratch of `flow()`, which is synchronous: the walk that last met this handle, and its index there. A `Map` of
   * handles costs a fifth of planning.
   */
  walk = 0;
  index = 0;

  constructor(
    name: string,
    kind: "task" | "map",
    slots: readonly Slot[],
    run: (...args: never[]) => unknown,
    options: Definition["options"],
  ) {
    this.name = name;
    this.kind = kind;
    this.slots = slots;
    this.run = run;
    this.options = options;
    this.prepares = prepares(this);
  }

  get call(): "inputs" {
    return "inputs";
  }
}

class MapHandle extends TaskHandle {
  readonly takesInputs: boolean;
  constructor(
    name: string,
    slots: readonly Slot[],
    run: (...args: never[]) => unknown,
    options: Definition["options"],
    takesInputs: boolean,
  ) {
    super(name, "map", slots, run, options);
    this.takesInputs = takesInputs;
  }
}

/** What an `Input` is inside: it knows the slot that it makes. */
export abstract class InputHandle {
  abstract slot(to: string): Slot;
}

const NO_SLOTS: readonly Slot[] = [];

/**
 * Defines a task: a name, what it takes from others, and a function that is called with those values and a context.
 *
 * The function may return a value or a promise of one. What it takes also orders it: it starts when every task it
 * reads is done. Throws `DefinitionError` when a name, an input or the function can never work; options are checked by
 * `flow()`, together with the whole graph.
 */
export function task<T, S extends Schema | undefined = undefined>(
  name: string,
  // biome-ignore lint/complexity/noBannedTypes: `{}` is exactly what a task without inputs is called with.
  run: (inputs: {}, context: TaskContext) => T,
  // biome-ignore lint/complexity/noBannedTypes: as above.
  options?: TaskOptions<{}, S>,
): Task<OutputOf<S, T>>;
export function task<const D extends Inputs, T, S extends Schema | undefined = undefined>(
  name: string,
  inputs: D,
  run: (inputs: ValuesOf<D>, context: TaskContext) => T,
  options?: TaskOptions<ValuesOf<D>, S>,
): Task<OutputOf<S, T>>;
export function task(name: string, second: unknown, third?: unknown, fourth?: unknown): unknown {
  const bare = typeof second === "function" || !looksCallable(third);
  return define(
    name,
    "task",
    undefined,
    bare ? undefined : second,
    bare ? second : third,
    bare ? third : fourth,
  );
}

/**
 * Defines a task that calls its function once for each item of a list and returns the results in order.
 *
 * Items are tasks of their own, `name[0]`, `name[1]`, …, with their own attempts and status; calls are made as capacity
 * allows, at most `concurrency` at once. Retries, time-outs, resources and the output schema apply to each item, `when`
 * to the whole. An empty list completes with `[]`.
 */
export function map<E, T>(
  name: string,
  over: Task<readonly E[]> | Input<readonly E[]>,
  run: (item: E, index: number, context: TaskContext) => T,
  options?: MapOptions,
): Task<Awaited<T>[]>;
export function map<E, const D extends Inputs, T>(
  name: string,
  over: Task<readonly E[]> | Input<readonly E[]>,
  inputs: D,
  run: (item: E, index: number, inputs: ValuesOf<D>, context: TaskContext) => T,
  options?: MapOptions,
): Task<Awaited<T>[]>;
export function map(
  name: string,
  over: unknown,
  third: unknown,
  fourth?: unknown,
  fifth?: unknown,
): unknown {
  const bare = typeof third === "function" || !looksCallable(fourth);
  return define(
    name,
    "map",
    over,
    bare ? undefined : third,
    bare ? third : fourth,
    bare ? fourth : fifth,
  );
}

/** A function, or the promise of one that was called by mistake: that stands where the function belongs. */
function looksCallable(value: unknown): boolean {
  return typeof value === "function" || describe(value) === "a promise";
}

function define(
  name: string,
  kind: "task" | "map",
  over: unknown,
  inputs: unknown,
  run: unknown,
  options: unknown,
): TaskHandle {
  const issues = new Issues();
  const slots: Slot[] = [];
  issues.name(["name"], name, "The name of a task");
  if (kind === "map") {
    const slot = toSlot("over", over);
    if (slot === undefined) {
      issues.add(
        "invalid-input",
        `Map "${name}" needs a task or an input to map over, got ${describe(over)}`,
        ["tasks", name, "over"],
      );
    } else {
      slots.push(slot);
    }
  }
  if (typeof run !== "function") {
    const promised = describe(run) === "a promise";
    issues.add(
      "not-a-function",
      promised
        ? `Task "${name}" is a promise: pass the function, do not call it`
        : `Task "${name}" needs a function, got ${describe(run)}`,
      ["tasks", name, "run"],
    );
  }
  if (inputs !== undefined) {
    const record = issues.record(["tasks", name, "inputs"], inputs);
    for (const key in record) {
      const slot = toSlot(key, record[key]);
      if (slot === undefined) {
        issues.add(
          "invalid-input",
          `Input "${key}" of task "${name}" must be a task or one of pick, optional, settled, after and param, got ${describe(record[key])}`,
          ["tasks", name, "inputs", key],
        );
      } else {
        slots.push(slot);
      }
    }
  }
  if (options !== undefined) issues.record(["tasks", name, "options"], options);
  if (issues.list.length > 0) throw new DefinitionError(issues.list);
  const call = run as TaskHandle["run"];
  const checked = options as Definition["options"];
  return kind === "map"
    ? new MapHandle(name, slots, call, checked, inputs !== undefined)
    : new TaskHandle(name, kind, slots.length === 0 ? NO_SLOTS : slots, call, checked);
}

function toSlot(to: string, input: unknown): Slot | undefined {
  if (input instanceof TaskHandle) return { to, kind: "value", task: input };
  return input instanceof InputHandle ? input.slot(to) : undefined;
}
