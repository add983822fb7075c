/** Values that each run is given: a parameter is an input that reads no task. Knows no run. */
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import type { Schema } from "./schema.ts";
import { type Input, InputHandle, type Parameter, type Slot } from "./task.ts";

/** A value that each run is given: `run({ params: [userId.of("42")] })`. A missing one is a plan error. */
export interface Param<out T> extends Input<T> {
  readonly name: string;
  of(value: NoInfer<T>): Binding;
}
export interface Binding {
  readonly param: string;
  readonly value: unknown;
}

class ParamInput extends InputHandle implements Parameter {
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
    return { param: this.name, value };
  }
}

/**
 * A value that is given for each run: `const userId = param<string>("userId")`, then
 * `flow.run({ params: [userId.of("42")] })`. With a schema the value is checked before anything runs.
 */
export function param<T>(name: string, schema?: Schema<T>): Param<T> {
  const issues = new Issues();
  issues.name(["name"], name, "The name of a parameter");
  if (issues.list.length > 0) throw new DefinitionError(issues.list);
  return new ParamInput(name, schema) as unknown as Param<T>;
}
