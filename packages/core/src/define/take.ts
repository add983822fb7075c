/** What a task takes from another, when that is not simply its output: `pick`, `optional`, `settled`, `after`. */
import { type Brand, brand, brandOf, otherCopy } from "../ground/brand.ts";
import { describe } from "../ground/describe.ts";
import { DefinitionError } from "../ground/errors.ts";
import { InputHandle, type Select, type Slot, type SlotKind, TaskHandle } from "./definition.ts";
import type { Input, Outcome, Task, ValueOf } from "./task.ts";

declare const PART: unique symbol;
declare const WHOLE: unique symbol;

/** A part of an output, made with `pick`. */
export interface Picked<out T> extends Input<T> {
  readonly [PART]: () => T;
}
/** An output that may be missing, made with `optional`. */
export interface Optional<out T> extends Input<T | undefined> {
  readonly [WHOLE]: () => T;
}

/** What a part can be picked of. */
type Whole = Task<unknown> | Optional<unknown>;
type OutputIn<S extends Whole> =
  S extends Task<infer T> ? T : S extends Optional<infer T> ? T : never;
/** A part of what may be missing is not made optional once more. */
type PartOf<S extends Whole, P, Missing> = S extends Task<unknown> ? Picked<P> : Input<P | Missing>;

class TakenInput extends InputHandle {
  /** As people know it, where a tool prints it. */
  static override readonly name: string = "Input";
  readonly kind: SlotKind;
  readonly task: TaskHandle;
  readonly select: Select | undefined;
  constructor(kind: SlotKind, task: TaskHandle, select?: Select) {
    super();
    this.kind = kind;
    this.task = task;
    this.select = select;
  }

  slot(to: string): Slot {
    return { to, kind: this.kind, task: this.task, select: this.select };
  }

  get "~astrum"(): Brand {
    return brand("input", `an input made with ${this.kind === "value" ? "pick" : this.kind}()`);
  }
}

function handleOf(word: string, task: unknown): TaskHandle {
  if (task instanceof TaskHandle) return task;
  const foreign = task instanceof InputHandle ? undefined : otherCopy(task, "task", "input");
  const got = foreign ?? `${describe(task)}${instead(word, task)}`;
  throw refusal(word, `${word}() needs a task, got ${got}`);
}

/** The way out for who wanted two words at once that do not go together. */
function instead(word: string, given: unknown): string {
  if (brandOf(given)?.kind !== "input") return "";
  if (!(given instanceof TakenInput)) return ": it has a value in every run, take it as it is";
  if (given.kind === "optional") {
    if (word === "optional") return ": it is optional already, take it as it is";
    if (word === "pick") {
      return ": write pick(optional(task), (value) => …) with a function that takes all of it";
    }
  }
  const outer = word === "pick" ? given.kind : word;
  if (outer === "after") return ": write after(task)";
  return outer === "value"
    ? ": write pick(task, (value) => …) with a function that takes all of it"
    : `: write ${outer}(task), and take the part in the function`;
}

function refusal(word: string, message: string): DefinitionError {
  return new DefinitionError([{ code: "invalid-input", message, path: [word] }]);
}

/** The phantom types of the public face exist for the compiler only. */
function input<I>(kind: SlotKind, task: TaskHandle, select?: Select): I {
  return new TakenInput(kind, task, select) as unknown as I;
}

/**
 * Waits for the task; its value, or `undefined` unless it completed. Of a part of it, made with `pick`: that part, or
 * `undefined`; what picks it is not asked then.
 *
 * A failure still stops the run, and then nothing starts any more: for a value that may be missing, give the task
 * `onFailure: "ignore"` too, or run with `failure: "continue"`. A task that was skipped stops nothing.
 *
 * @example
 * ```ts
 * import { flow, optional, task } from "@astrum/core";
 *
 * const tips = task("tips", () => fetch("http://localhost:1/tips"), { onFailure: "ignore" });
 * const page = task("page", { tips: optional(tips) }, ({ tips }) => (tips ? "page with tips" : "page"));
 *
 * const done = await flow("site", { page }).run();
 * console.log(done.unwrap().page); // page
 * ```
 */
export function optional<T>(part: Picked<T>): Input<T | undefined>;
export function optional<T>(task: Task<T>): Optional<T>;
export function optional(taken: unknown): unknown {
  if (taken instanceof TakenInput && taken.kind === "value") {
    return input("optional", taken.task, taken.select);
  }
  return input("optional", handleOf("optional", taken));
}

/**
 * Waits for the task and takes its outcome, whatever that is: the value, the error, the reason why it was skipped.
 *
 * It runs while the run still starts tasks. A failure stops the run by default, and then nothing starts any more, this
 * neither: give the task `onFailure: "ignore"` too, or run with `failure: "continue"`.
 *
 * @example
 * ```ts
 * import { flow, settled, task } from "@astrum/core";
 *
 * const load = task("load", () => {
 *   throw new Error("no disk");
 * });
 * const mail = task("mail", { load: settled(load) }, ({ load }) => `load ${load.status}`);
 *
 * const done = await flow("nightly", { mail }).run({ failure: "continue" });
 * console.log(done.outputs.mail, done.executionState); // load failed failed
 * ```
 */
export function settled<T>(task: Task<T>): Input<Outcome<T>> {
  return input<Input<Outcome<T>>>("settled", handleOf("settled", task));
}

/**
 * Order only: waits until the task has completed and takes nothing from it.
 *
 * @example
 * ```ts
 * import { after, flow, task } from "@astrum/core";
 *
 * const migrate = task("migrate", () => console.log("migrated"));
 * const serve = task("serve", { _: after(migrate) }, () => console.log("serving"));
 *
 * await flow("start", { serve }).run();
 * // migrated
 * // serving
 * ```
 */
export function after(task: Task<unknown>): Input<void> {
  return input("after", handleOf("after", task));
}

/**
 * A part of a task's output: a property, or what `select` makes of it. Resolved by the consumer, once.
 *
 * A property is read as JavaScript reads it: one that is not there is `undefined`. What must not be missing is checked
 * in a function; what that throws fails the consumer.
 *
 * Of an output that may be missing, made with `optional`, the property is `undefined` too where there is no output; the
 * function is called with `undefined` then, and can give a default.
 *
 * @example
 * ```ts
 * import { flow, pick, task } from "@astrum/core";
 *
 * const user = task("user", async () => ({ name: "Ada", teams: ["blue", "red"] }));
 * const greet = task(
 *   "greet",
 *   { name: pick(user, "name"), team: pick(user, ({ teams }) => teams[0]) },
 *   ({ name, team }) => `${name} of ${team}`,
 * );
 *
 * const done = await flow("page", { greet }).run();
 * console.log(done.unwrap().greet); // Ada of blue
 * ```
 */
export function pick<S extends Whole, K extends keyof OutputIn<S>>(
  taken: S,
  key: K,
): PartOf<S, OutputIn<S>[K], undefined>;
export function pick<S extends Whole, R>(
  taken: S,
  select: (value: ValueOf<S>) => R,
): PartOf<S, R, never>;
export function pick(taken: unknown, select: unknown): unknown {
  const whole = taken instanceof TakenInput && taken.kind === "optional" && !taken.select;
  const handle = whole ? taken.task : handleOf("pick", taken);
  const kind = whole ? "optional" : "value";
  switch (typeof select) {
    case "function": {
      const of = select as (value: never) => unknown;
      return input(kind, handle, { how: "function", of, ...(whole && { asksAlways: true }) });
    }
    case "string":
    case "number":
    case "symbol":
      return input(kind, handle, { how: "key", key: select });
    default:
      throw refusal(
        "pick",
        `pick() needs a key or a function of the output of "${handle.name}", got ${describe(select)}`,
      );
  }
}
