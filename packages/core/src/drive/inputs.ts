/**
 * What a task is called with: its slots, filled from the outcomes of others. Plain values are read when the function is
 * called; whatever runs code of the user (selectors, schemas, conditions) is resolved once, before the task queues.
 */

import type { Definition, Slot } from "../define/definition.ts";
import type { Schema } from "../define/schema.ts";
import type { Outcome } from "../define/task.ts";
import { describe } from "../ground/describe.ts";
import { frameless, InputError, SchemaError } from "../ground/errors.ts";
import { isPromise, settling } from "../ground/promised.ts";
import { summarizeError } from "../ground/summarize-error.ts";
import { listOf } from "./list-of.ts";

/** Where slots read from. */
export interface Sources {
  /** The output of the dependency behind a task's n-th edge; `undefined` unless it completed. */
  value(task: number, edge: number): unknown;
  outcome(task: number, edge: number): Outcome<unknown>;
  /** Whether that dependency has a value: its own, or that of its fallback. */
  hasValue(task: number, edge: number): boolean;
  dependencyName(task: number, edge: number): string;
  /** Whether the task still waits for its inputs: nothing more is asked for one that does not. */
  wants(task: number): boolean;
  readonly params: ReadonlyMap<string, unknown>;
}

/** Inputs by name; nothing inherited can be mistaken for one, and a slot named `__proto__` is one like any other. */
function put(inputs: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(inputs, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else {
    inputs[key] = value;
  }
}

export const NO_INPUTS: Readonly<Record<string, unknown>> = Object.freeze({});

/** The object of inputs of a task whose slots need no resolving. */
export function plainInputs(
  { slots }: Definition,
  task: number,
  sources: Sources,
): Readonly<Record<string, unknown>> {
  if (slots.length === 0) return NO_INPUTS;
  const inputs: Record<string, unknown> = {};
  let edge = 0;
  for (const slot of slots) {
    const at = slot.task === undefined ? -1 : edge++;
    if (slot.kind !== "after") put(inputs, slot.to as string, plainValue(slot, task, at, sources));
  }
  return inputs;
}

/** The arguments of a task whose function takes one for each slot. */
export function plainArguments({ slots }: Definition, task: number, sources: Sources): unknown[] {
  const args: unknown[] = [];
  let edge = 0;
  for (const slot of slots) {
    const at = slot.task === undefined ? -1 : edge++;
    if (slot.kind !== "after") args[slot.to as number] = plainValue(slot, task, at, sources);
  }
  return Array.from(args);
}

function plainValue(slot: Slot, task: number, edge: number, sources: Sources): unknown {
  switch (slot.kind) {
    case "settled":
      return sources.outcome(task, edge);
    case "param":
      return sources.params.get(slot.param?.name as string);
    case "constant":
      return slot.constant;
    default:
      return sources.value(task, edge);
  }
}

/** What was resolved before a task queued. */
export interface Prepared {
  /** By name, or by position. */
  readonly inputs: Readonly<Record<string, unknown>> | readonly unknown[];
  /** A map's list. */
  readonly list: readonly unknown[] | undefined;
}

/** Who is told what came of resolving: `ready` or `failed`, once. Neither may throw. */
export interface Answer {
  ready(prepared: Prepared): void;
  /** The first error. `unfinished`: other inputs are still being resolved; `ended` follows when they are not. */
  failed(error: unknown, unfinished: boolean): void;
  ended(): void;
}

/**
 * Resolves every slot; answers at once unless a schema or a computed value is a promise. Of what a map iterates at most one
 * item more than `most` is read.
 */
export function prepare(
  definition: Definition,
  task: number,
  sources: Sources,
  most: number,
  answer: Answer,
): void {
  const values: unknown[] = [];
  let pending = 0;
  let failed = false;
  const fail = (error: unknown): void => {
    if (!failed) {
      failed = true;
      answer.failed(error, pending > 0);
    } else if (pending === 0) {
      answer.ended();
    }
  };
  const conclude = (): void => {
    let prepared: Prepared;
    try {
      prepared = assemble(definition, values, most);
    } catch (error) {
      fail(error);
      return;
    }
    answer.ready(prepared);
  };
  const resolved = (at: number, value: unknown): void => {
    values[at] = value;
    pending--;
    if (pending > 0) return;
    if (failed) answer.ended();
    else conclude();
  };
  const rejected = (error: unknown): void => {
    pending--;
    fail(error);
  };
  try {
    let edge = 0;
    for (const slot of definition.slots) {
      const at = values.length;
      const from = slot.task === undefined ? -1 : edge++;
      const value = slotValue(definition, slot, task, from, sources);
      values.push(value);
      // What a selector returns is the value, even when it is a promise.
      const awaited = slot.compute !== undefined || slot.schema !== undefined;
      if (!awaited || !(value instanceof Promise)) continue;
      pending++;
      value.then((value) => resolved(at, value), rejected);
    }
  } catch (error) {
    fail(error);
    return;
  }
  if (pending === 0) conclude();
}

function assemble(definition: Definition, values: readonly unknown[], most: number): Prepared {
  const { name, kind, slots, call } = definition;
  let from = 0;
  let list: readonly unknown[] | undefined;
  if (kind === "map") {
    from = 1;
    list = listOf(name, values[0], most);
  }
  const args: unknown[] = [];
  const inputs: Record<string, unknown> = {};
  for (let at = from; at < slots.length; at++) {
    const { kind, to } = slots[at] as Slot;
    if (kind === "after") continue;
    if (call === "positional") args[to as number] = values[at];
    else put(inputs, to as string, values[at]);
  }
  return { inputs: call === "positional" ? Array.from(args) : inputs, list };
}

function slotValue(
  definition: Definition,
  slot: Slot,
  task: number,
  edge: number,
  sources: Sources,
): unknown {
  const { name } = definition;
  const fail = (error: unknown): never => {
    if (error instanceof InputError) throw error;
    const of = edge === -1 ? "" : ` from "${sources.dependencyName(task, edge)}"`;
    const message = `Input "${slot.to}" of task "${name}" could not be taken${of}: ${summarizeError(error)}`;
    throw frameless(new InputError(name, message, { cause: error }));
  };
  let value: unknown;
  try {
    value = slot.kind === "compute" ? slot.compute?.() : plainValue(slot, task, edge, sources);
    if (slot.select !== undefined) value = selected(name, slot, value, task, edge, sources);
  } catch (error) {
    fail(error);
  }
  if (slot.kind === "compute" && isPromise(value)) {
    value = settling(value).catch(fail);
  }
  if (slot.schema === undefined) return value;
  const { schema } = slot;
  const subject = `input "${slot.to}"`;
  return value instanceof Promise
    ? value.then((resolved) =>
        sources.wants(task) ? validate(schema, resolved, name, subject) : resolved,
      )
    : validate(schema, value, name, subject);
}

function selected(
  name: string,
  slot: Slot,
  value: unknown,
  task: number,
  edge: number,
  sources: Sources,
): unknown {
  const { select } = slot;
  if (select === undefined) return value;
  const always = select.how === "function" && select.asksAlways === true;
  if (slot.kind === "optional" && !always) {
    // A task that completed with `undefined` is read like any other.
    if (!sources.hasValue(task, edge)) return undefined;
  }
  if (select.how === "function") return select.of(value as never);
  if (select.how === "key") return (value as Record<PropertyKey, unknown>)[select.key];

  const { at } = select;
  const from = sources.dependencyName(task, edge);
  const wants = typeof at === "number" ? `index ${at}` : `key "${at}"`;
  const fail = (why: string): never => {
    const message = `Task "${name}" takes ${wants} of the output of "${from}", but ${why}`;
    throw frameless(new InputError(name, message));
  };
  if (typeof at === "number") {
    if (!Array.isArray(value))
      return fail(`that is ${describe(value)}: an index reads arrays only`);
    if (at >= value.length) {
      const { length } = value;
      return fail(length === 0 ? "that array is empty" : `that array has a length of ${length}`);
    }
    return value[at];
  }
  if (typeof value !== "object" || value === null) {
    return fail(`that is ${describe(value)}: a key reads objects only`);
  }
  if (!Object.hasOwn(value, at)) {
    const keys = Object.keys(value);
    const shown = keys.slice(0, 20).map((key) => `"${key}"`);
    if (keys.length > shown.length) shown.push(`… ${keys.length - shown.length} more`);
    return fail(shown.length === 0 ? "that object is empty" : `it has only ${shown.join(", ")}`);
  }
  return (value as Record<string, unknown>)[at];
}

/** The value as its schema gives it back; throws `SchemaError`. */
export function validate(schema: Schema, value: unknown, task: string, subject: string): unknown {
  const conclude = (result: Awaited<ReturnType<Schema["~standard"]["validate"]>>): unknown => {
    if (result.issues === undefined) return result.value;
    const issues = result.issues.map(({ message, path = [] }) => ({
      message,
      // A library may have an array class of its own, which `map` would carry on.
      path: Array.from(path, (step) => String(typeof step === "object" ? step.key : step)),
    }));
    throw frameless(new SchemaError(task, subject, issues));
  };
  const result = schema["~standard"].validate(value);
  // A library may have a promise class of its own.
  return "then" in result ? Promise.resolve(result).then(conclude) : conclude(result);
}
