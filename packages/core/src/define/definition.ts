/**
 * What is written down, as both doors hand it to the graph: definitions and their slots; and what the handles of the typed
 * door are inside. Knows no function that makes them.
 */
import { type Brand, brand } from "../ground/brand.ts";
import type { Schema } from "./schema.ts";
import type { Living, MapOptions } from "./task-options.ts";

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
  | {
      readonly how: "function";
      readonly of: (value: never) => unknown;
      /** Of an optional output: it is called with `undefined` where there is none. */
      readonly asksAlways?: true;
    }
  | { readonly how: "locator"; readonly at: string | number };

/** What both doors hand to the graph: a named function, its inputs and its options. */
export interface Definition {
  readonly name: string;
  readonly kind: "task" | "map";
  /** A map's first slot is the list that it maps over. */
  readonly slots: readonly Slot[];
  /** How the function is called: with one object of inputs, with one argument a slot, or with an empty object whatever the slots. */
  readonly call: "inputs" | "positional" | "nothing";
  readonly run: (...args: never[]) => unknown;
  readonly options:
    | (MapOptions<never, Schema | undefined, never, "all" | "settled", unknown> & Living)
    | undefined;
  /** Whether something must be resolved, checked or asked before the task may queue. */
  readonly prepares: boolean;
  /** Whether it asks for something that a run must be given: units of resources, values of parameters. */
  readonly needs: boolean;
  /** Of a map: whether its function takes an object of inputs, be it an empty one, beside item and index. */
  readonly takesInputs?: boolean;
  /** What is inside of it: a flow that is planned with the rest, or one after another. */
  readonly role?: "subflow" | "loop" | undefined;
  /** Of a loop: what its flows are made with. */
  readonly steps?: LoopSteps | undefined;
  /** In a test: the task whose place it takes. */
  readonly standsFor?: Definition;
}

/** The functions of a loop, and how many flows it may have. */
export interface LoopSteps {
  readonly first: (inputs: never) => unknown;
  readonly next: (outputs: never, inputs: never, iteration: number) => unknown;
  readonly until: (outputs: never) => unknown;
  readonly max: number;
}

export function prepares(
  kind: Definition["kind"],
  slots: Definition["slots"],
  options: Definition["options"],
): boolean {
  if (kind === "map" || options?.when !== undefined || options?.cache !== undefined) return true;
  const { resources } = options ?? {};
  for (const name in resources) if (typeof resources[name] === "function") return true;
  for (const { select, compute, schema } of slots) {
    if (select !== undefined || compute !== undefined || schema !== undefined) return true;
  }
  return false;
}

export function needs(slots: Definition["slots"], options: Definition["options"]): boolean {
  if (options?.resources !== undefined) return true;
  for (const { param } of slots) if (param !== undefined) return true;
  return false;
}

/** Whether its value lives until its last reader has ended. */
export function lives({ options }: Definition): boolean {
  return options?.release !== undefined;
}

/** Retries after the first attempt. */
export function maxRetriesOf({ options }: Definition): number {
  const retry = options?.retry;
  return typeof retry === "object" ? retry.attempts : (retry ?? 0);
}

let handles = 0;

/** What a `Task` is inside. */
export class TaskHandle implements Definition {
  /** As people know it, where a tool prints it. */
  static readonly name: string = "Task";
  readonly name: string;
  readonly kind: "task" | "map";
  readonly slots: readonly Slot[];
  readonly run: (...args: never[]) => unknown;
  readonly options: Definition["options"];
  readonly prepares: boolean;
  readonly needs: boolean;
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
    this.prepares = prepares(kind, slots, options);
    this.needs = needs(slots, options);
  }

  /** What is inside of it. */
  get role(): "subflow" | "loop" | undefined {
    return undefined;
  }

  get call(): "inputs" {
    return "inputs";
  }

  get "~astrum"(): Brand {
    return brand("task", this.kind === "map" ? "a map" : "a task");
  }
}

export class MapHandle extends TaskHandle {
  /** As people know it, where a tool prints it. */
  static override readonly name: string = "Task";
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
  abstract get "~astrum"(): Brand;
}
