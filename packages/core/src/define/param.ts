/** Values that each run is given: a parameter is an input that reads no task. Knows no run. */
import { type Brand, brand } from "../ground/brand.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import { InputHandle, type Parameter, type Slot } from "./definition.ts";
import { checkSchema, type Schema } from "./schema.ts";
import type { Input } from "./task.ts";

/** A value that each run is given: `run({ params: { userId: "42" } })`. A missing one is a plan error. */
export interface Param<out T, in I = T> extends Input<T> {
  readonly name: string;
  /** With a schema, `value` is what the schema is given; tasks are given what it makes of that. */
  of(value: NoInfer<I>): Binding;
}
export interface Binding {
  readonly param: string;
  readonly value: unknown;
}

class ParamInput extends InputHandle implements Parameter {
  /** As people know it, where a tool prints it. */
  static override readonly name: string = "Param";
  readonly name: string;
  readonly schema: Schema | undefined;
  constructor(name: string, schema: Schema | undefined) {
    super();
    this.name = name;
    this.schema = schema;
  }

  slot(to: string): Slot {
    return { to, kind: "param", param: this };
  }

  of(value: unknown): Binding {
    return new BoundValue(this, value);
  }

  get "~astrum"(): Brand {
    return brand("input", "a parameter");
  }
}

/** A binding that knows its parameter: another one of that name may have another type. */
class BoundValue implements Binding {
  /** As people know it, where a tool prints it. */
  static readonly name: string = "Binding";
  readonly param: string;
  readonly value: unknown;
  readonly #of: Parameter;

  constructor(of: Parameter, value: unknown) {
    this.param = of.name;
    this.value = value;
    this.#of = of;
  }

  /** The parameter that made a binding; none when it was written by hand. */
  static parameterOf(binding: Binding): Parameter | undefined {
    return #of in binding ? binding.#of : undefined;
  }

  get "~astrum"(): Brand {
    return brand("binding", "a value of a parameter");
  }
}

/** The parameter that made a binding with `of`; none when the binding was written by hand. */
export function parameterOf(binding: Binding): Parameter | undefined {
  return BoundValue.parameterOf(binding);
}

/**
 * A value that is given for each run: `const userId = param<string>("userId")`, then
 * `flow.run({ params: { userId: "42" } })`, or `[userId.of("42")]`, whose type the compiler checks. With a schema the value is checked, and may be converted, before anything
 * runs.
 *
 * Names identify parameters, as they do tasks: share the parameter that you made, a second one of its name is a plan
 * error.
 *
 * @example
 * ```ts
 * import { flow, param, task } from "@astrum/core";
 *
 * const userId = param<string>("userId");
 * const greet = task("greet", { userId }, ({ userId }) => `hello ${userId}`);
 *
 * const done = await flow("page", { greet }).run({ params: { userId: "42" } });
 * console.log(done.unwrap().greet); // hello 42
 * ```
 */
export function param<T, I = T>(name: string, schema: Schema<T, I>): Param<T, I>;
export function param<T>(name: string, schema?: Schema<T>): Param<T>;
export function param(name: string, schema?: Schema): unknown {
  const issues = new Issues();
  issues.name(["name"], name, "The name of a parameter");
  checkSchema(issues, ["params", name, "schema"], schema);
  issues.throwAs(DefinitionError);
  return new ParamInput(name, schema);
}
