/**
 * Door 1: `task` and `map` make handles. A handle describes and never changes; it knows no flow, no run and no output.
 */
import { brandOf, otherCopy } from "../ground/brand.ts";
import { Issues } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import { DefinitionError } from "../ground/errors.ts";
import { type Definition, InputHandle, MapHandle, type Slot, TaskHandle } from "./definition.ts";
import type { ResultOf } from "./giving.ts";
import type { OutputOf, Schema } from "./schema.ts";
import type { TaskContext } from "./task-context.ts";
import type { Living, MapOptions, TaskOptions } from "./task-options.ts";

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

/** What a task takes from others, each under the name that its function finds it by. */
export type Inputs = { readonly [name: string]: Task<unknown> | Input<unknown> };
/** No task and no input: with it the compiler has a sentence for one of them in the place of the object. */
interface NotOne {
  readonly [OUTPUT]?: "Inputs are an object: write { name: task }";
  readonly [VALUE]?: "Inputs are an object: write { name: input }";
}
/** What a function is called with for an input. */
export type ValueOf<I> = I extends Task<infer T> ? T : I extends Input<infer T> ? T : never;
/** What a function is called with for its inputs. */
export type ValuesOf<D extends Inputs> = { readonly [K in keyof D]: ValueOf<D[K]> };

/**
 * Why a task was skipped: its own condition said so, or itself while it ran; a task that it needs did not complete; or the
 * run was stopped before its turn.
 */
export type Because = "condition" | "dependency" | "stopped";

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
  | {
      readonly status: "skipped";
      /** A sentence for people. */
      readonly reason: string;
      readonly because: Because;
      /** The task that is the first cause: the first of the chain that it needs, or the one whose failure stopped the run. */
      readonly root?: string;
    };

/** What a task gives: what its function returned, or what its fallback gave. */
type Given<S, T, F> = OutputOf<S, T> | NoInfer<Awaited<F>>;
/** What a map gives: what its items gave, or with `items: "settled"` what became of each. */
type ItemsOf<M extends "all" | "settled", S, T, F> = M extends "settled"
  ? Outcome<OutputOf<S, T>>[]
  : Given<S, T, F>[];

const NO_SLOTS: readonly Slot[] = [];

/**
 * Defines a task: a name, what it takes from others, and a function that is called with those values and a context.
 *
 * The function may return a value or a promise of one. What it takes also orders it: it starts when every task it
 * reads is done. Throws `DefinitionError` when a name, an input or the function can never work; options are checked by
 * `flow()`, together with the whole graph.
 *
 * @example
 * ```ts
 * import { flow, task } from "@astrum/core";
 *
 * const user = task("user", async () => ({ name: "Ada", team: 7 }), { retry: 2, timeoutMs: 1000 });
 * const card = task("card", { user }, ({ user }) => `${user.name}, team ${user.team}`);
 *
 * const done = await flow("page", { card }).run();
 * console.log(done.unwrap().card); // Ada, team 7
 * ```
 */
export function task<T>(
  name: string,
  // biome-ignore lint/complexity/noBannedTypes: `{}` is exactly what a task without inputs is called with.
  run: (inputs: {}, context: TaskContext) => T,
): Task<ResultOf<Awaited<T>>>;
export function task<
  const D extends Inputs,
  T,
  S extends Schema | undefined = undefined,
  F = never,
>(
  name: string,
  inputs: NotOne & D,
  run: (inputs: { readonly [K in keyof D]: ValueOf<D[K]> }, context: TaskContext) => T,
  options:
    | (TaskOptions<{ readonly [K in keyof D]: ValueOf<D[K]> }, S, F> & Living<OutputOf<S, T>>)
    | undefined,
): Task<Given<S, T, F>>;
// Inputs without options, or options without inputs. One signature for both, so that the compiler complains of the
// argument that is wrong: of two it tells why neither fits, the wrong one first.
export function task<
  T,
  S extends Schema | undefined = undefined,
  const D extends Inputs = Inputs,
  F = never,
>(
  name: string,
  // biome-ignore lint/complexity/noBannedTypes: as above.
  inputsOrRun: (NotOne & D) | ((inputs: {}, context: TaskContext) => T),
  runOrOptions:
    | ((inputs: { readonly [K in keyof D]: ValueOf<D[K]> }, context: TaskContext) => T)
    // Of a function no inputs are inferred: they are then all that they may be.
    // biome-ignore lint/complexity/noBannedTypes: as above.
    | (Inputs extends D ? (TaskOptions<{}, S, F> & Living<OutputOf<S, T>>) | undefined : never),
): Task<Given<S, T, F>>;
export function task(name: string, second: unknown, third?: unknown, fourth?: unknown): unknown {
  return define(name, "task", undefined, argumentsOf(second, third, fourth));
}

/** What a map maps over. Arrays stand first, so that the compiler explains a mistake by an array. */
type Listed<E> =
  | Task<readonly E[]>
  | Input<readonly E[]>
  | Task<Iterable<E> & object>
  | Input<Iterable<E> & object>;

/**
 * Defines a task that calls its function once for each item of a list and returns the results in order.
 *
 * The list is an array, or anything else that can be iterated but a text, such as a `Set`: that is read once, before the
 * items are listed. An iterator, such as what a generator gives, can be read once: another map that reads it fails.
 *
 * Items are tasks of their own, `name[0]`, `name[1]`, …, with their own attempts and status; calls are made as capacity
 * allows, at most `concurrency` at once. Retries, time-outs, resources and the output schema apply to each item, `when`
 * to the whole. An empty list completes with `[]`. Items that fail fail the map with a `MapError`; with `items: "settled"`
 * they fail alone, and the map gives the outcome of each.
 *
 * @example
 * ```ts
 * import { flow, map, task } from "@astrum/core";
 *
 * const files = task("files", async () => ["a.md", "readme.md"]);
 * const prefix = task("prefix", () => "docs/");
 * const sizes = map("sizes", files, (file) => file.length, { concurrency: 4, retry: 1 });
 * const paths = map("paths", files, { prefix }, (file, index, { prefix }) => `${index} ${prefix}${file}`);
 *
 * const done = await flow("listing", { sizes, paths }).run();
 * console.log(done.unwrap().sizes); // [ 4, 9 ]
 * console.log(done.unwrap().paths); // [ '0 docs/a.md', '1 docs/readme.md' ]
 * ```
 */
export function map<E, T>(
  name: string,
  over: Listed<E>,
  run: (item: E, index: number, context: TaskContext) => T,
): Task<ResultOf<Awaited<T>>[]>;
export function map<
  E,
  const D extends Inputs,
  T,
  S extends Schema | undefined = undefined,
  M extends "all" | "settled" = "all",
  F = never,
>(
  name: string,
  over: Listed<E>,
  inputs: NotOne & D,
  run: (
    item: E,
    index: number,
    inputs: { readonly [K in keyof D]: ValueOf<D[K]> },
    context: TaskContext,
  ) => T,
  options: MapOptions<{ readonly [K in keyof D]: ValueOf<D[K]> }, S, E, M, F> | undefined,
): Task<ItemsOf<M, S, T, F>>;
// One signature for both, as for tasks.
export function map<
  E,
  T,
  S extends Schema | undefined = undefined,
  const D extends Inputs = Inputs,
  M extends "all" | "settled" = "all",
  F = never,
>(
  name: string,
  over: Listed<E>,
  inputsOrRun: (NotOne & D) | ((item: E, index: number, context: TaskContext) => T),
  runOrOptions:
    | ((
        item: E,
        index: number,
        inputs: { readonly [K in keyof D]: ValueOf<D[K]> },
        context: TaskContext,
      ) => T)
    // biome-ignore lint/complexity/noBannedTypes: `{}` is exactly what a condition without inputs is asked with.
    | (Inputs extends D ? MapOptions<{}, S, E, M, F> | undefined : never),
): Task<ItemsOf<M, S, T, F>>;
export function map(
  name: string,
  over: unknown,
  third: unknown,
  fourth?: unknown,
  fifth?: unknown,
): unknown {
  return define(name, "map", over, argumentsOf(third, fourth, fifth));
}

/** What stands after the name, and after the list of a map. */
interface Arguments {
  readonly inputs: unknown;
  readonly run: unknown;
  readonly options: unknown;
  /** What stands where nothing belongs. */
  readonly surplus: unknown;
}

/** Inputs may be left out: then the function comes first, or what stands in its place. */
function argumentsOf(first: unknown, second: unknown, third: unknown): Arguments {
  const bare = typeof first === "function" || !looksCallable(second);
  return bare
    ? { inputs: undefined, run: first, options: second, surplus: third }
    : { inputs: first, run: second, options: third, surplus: undefined };
}

/** A function, or the promise of one that was called by mistake: that stands where the function belongs. */
function looksCallable(value: unknown): boolean {
  return typeof value === "function" || describe(value) === "a promise";
}

function define(
  name: string,
  kind: "task" | "map",
  over: unknown,
  { inputs, run, options, surplus }: Arguments,
): TaskHandle {
  const issues = new Issues();
  const slots: Slot[] = [];
  issues.name(["name"], name, "The name of a task");
  if (kind === "map") {
    const slot = toSlot("over", over);
    if (slot === undefined) {
      const got = otherCopy(over, "task", "input") ?? describe(over);
      issues.add(
        "invalid-input",
        `Map "${name}" needs a task or an input to map over, got ${got}${listInstead(over)}`,
        ["tasks", name, "over"],
      );
    } else {
      slots.push(slot);
    }
  }
  if (typeof run !== "function") {
    const list = kind === "map" && Array.isArray(run) ? ": the list stands before it" : "";
    issues.add("not-a-function", `${noFunction(name, run)}${list}`, ["tasks", name, "run"]);
  }
  if (inputs !== undefined) addSlots(issues, name, inputs, slots);
  if (options !== undefined) issues.record(["tasks", name, "options"], options);
  if (surplus !== undefined) {
    issues.add(
      "surplus-argument",
      `Task "${name}" has an argument too many, ${describe(surplus)}: inputs come before the function, options after it`,
      ["tasks", name],
    );
  }
  issues.throwAs(DefinitionError);
  const call = run as TaskHandle["run"];
  const checked = options as Definition["options"];
  // A list that was pushed to has room for 17: ten thousand of them are read a cache line at a time.
  const fitting = slots.length === 0 ? NO_SLOTS : slots.slice();
  return kind === "map"
    ? new MapHandle(name, fitting, call, checked, inputs !== undefined)
    : new TaskHandle(name, kind, fitting, call, checked);
}

/** What to write for a list that no task gives. */
function listInstead(over: unknown): string {
  if (Array.isArray(over)) return ": write value([…]) for a list that is known";
  return typeof over === "function" ? ": make it a task" : "";
}

/** Why what stands in the place of a task's function is none. */
export function noFunction(name: string, run: unknown): string {
  return describe(run) === "a promise"
    ? `Task "${name}" is a promise: pass the function, do not call it`
    : `Task "${name}" needs a function, got ${describe(run)}`;
}

/** What a task takes from others, each under its name. */
export function addSlots(issues: Issues, name: string, inputs: unknown, slots: Slot[]): void {
  const made = brandOf(inputs);
  if (made !== undefined) {
    const as = inputs instanceof TaskHandle ? plainName(inputs.name) : undefined;
    issues.add(
      "invalid-input",
      `The inputs of task "${name}" are an object, got ${made.what}: write ${as === undefined ? "{ name: … }" : `{ ${as} }`}`,
      ["tasks", name, "inputs"],
    );
    return;
  }
  const record = issues.record(["tasks", name, "inputs"], inputs);
  for (const key in record) {
    const slot = toSlot(key, record[key]);
    if (slot !== undefined) {
      slots.push(slot);
      continue;
    }
    issues.add("invalid-input", noInput(name, key, record[key]), ["tasks", name, "inputs", key]);
  }
}

/** A name that can be written as a variable's. */
export function plainName(name: string): string | undefined {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : undefined;
}

export function toSlot(to: string, input: unknown): Slot | undefined {
  if (input instanceof TaskHandle) return { to, kind: "value", task: input };
  return input instanceof InputHandle ? input.slot(to) : undefined;
}

/** Why a value is no input, and what to do with a value of its kind. */
export function noInput(task: string, key: string, value: unknown): string {
  const foreign = otherCopy(value, "task", "input");
  if (foreign !== undefined) return `Input "${key}" of task "${task}" is ${foreign}`;
  const got = describe(value);
  return `Input "${key}" of task "${task}" must be a task or one of pick, optional, settled, after, param and value, got ${got}${instead(value, got)}`;
}

function instead(value: unknown, got: string): string {
  if (got === "a promise") return ": make the function that gives it a task";
  if (typeof value === "function") return ": make it a task";
  switch (brandOf(value)?.kind) {
    case undefined:
      return value === undefined
        ? ""
        : ": write value(…) for a constant, or give it to each run as a param()";
    case "flow":
      return ": take a task of it, or run it inside a task";
    case "binding":
      return ": take the parameter itself, and give its value to the run";
    default:
      return "";
  }
}
