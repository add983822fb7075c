/** Constants as inputs: what a task takes that is the same in every run. Knows no task and no run. */
import { type Brand, brand, brandOf } from "../ground/brand.ts";
import { describe } from "../ground/describe.ts";
import { DefinitionError } from "../ground/errors.ts";
import { InputHandle, type Slot } from "./definition.ts";
import type { Input, Task } from "./task.ts";

class ConstantInput extends InputHandle {
  /** As people know it, where a tool prints it. */
  static override readonly name: string = "Input";
  readonly constant: unknown;
  constructor(constant: unknown) {
    super();
    this.constant = constant;
  }

  slot(to: string): Slot {
    return { to, kind: "constant", constant: this.constant };
  }

  get "~astrum"(): Brand {
    return brand("input", "an input made with value()");
  }
}

/** A constant, or a sentence for the compiler in its place. */
type Constant<T> = T extends Task<unknown> | Input<unknown>
  ? "A task or an input is taken as it is, without value()"
  : T extends PromiseLike<unknown>
    ? "A promise is no constant: make the function that gives it a task"
    : T;

/**
 * A constant as an input, for functions that are shared by several tasks and for maps over a list that is known. Tasks are
 * given the very value; a resumed run compares it as JSON with that of the earlier run. What differs from run to run is a
 * `param`.
 *
 * Throws `DefinitionError` for a task, an input or a promise.
 *
 * @example
 * ```ts
 * import { flow, map, task, value } from "@astrum/core";
 *
 * const greet = ({ name }: { name: string }) => `hello ${name}`;
 * const ada = task("ada", { name: value("Ada") }, greet);
 * const squares = map("squares", value([1, 2, 3]), (n) => n * n);
 *
 * const done = await flow("page", { ada, squares }).run();
 * console.log(done.unwrap()); // { ada: 'hello Ada', squares: [ 1, 4, 9 ] }
 * ```
 */
export function value<T>(constant: Constant<T>): Input<T> {
  const kind = brandOf(constant)?.kind;
  const got = describe(constant);
  const instead =
    kind === "task" || kind === "input"
      ? "take it as it is"
      : got === "a promise"
        ? "make the function that gives it a task"
        : undefined;
  if (instead !== undefined) {
    const message = `value() needs a constant, got ${got}: ${instead}`;
    throw new DefinitionError([{ code: "invalid-input", message, path: ["value"] }]);
  }
  return new ConstantInput(constant) as unknown as Input<T>;
}
