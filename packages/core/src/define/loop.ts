/**
 * Door 1: one flow after another, as a task. The handle describes; the flows come up while a run goes on. Knows no run, and
 * calls nothing.
 */
import { Issues } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import { DefinitionError } from "../ground/errors.ts";
import { type LoopSteps, type Slot, TaskHandle } from "./definition.ts";
import type { Giving } from "./giving.ts";
import { addSlots, type Inputs, type Task, type ValueOf } from "./task.ts";
import { LOOP_KEYS, type ParentOptions } from "./task-options.ts";

/** What `loop` makes. It is asked for its first flow before it can begin. */
class LoopHandle extends TaskHandle {
  /** As people know it, where a tool prints it. */
  static override readonly name: string = "Task";
  override readonly prepares: true = true;
  readonly steps: LoopSteps;

  constructor(
    name: string,
    slots: readonly Slot[],
    steps: LoopSteps,
    options: TaskHandle["options"],
  ) {
    super(name, "task", slots, neverCalled, options);
    this.steps = steps;
  }

  override get role(): "loop" {
    return "loop";
  }
}

function neverCalled(): undefined {
  return undefined;
}

/** `V`: the values of the inputs. `O`: what each flow gives. */
export interface Steps<in V, O> {
  /** Gives the first flow. Write it before the others: what its flow gives is what they are handed. */
  readonly first: (inputs: V) => Giving<O> | PromiseLike<Giving<O>>;
  /**
   * Gives the flow after the one that has ended, from what that gave. `iteration`: the number of the flow that is to come,
   * 1 for `draft[1]`.
   */
  readonly next: (
    previous: NoInfer<O>,
    inputs: V,
    iteration: number,
  ) => Giving<NoInfer<O>> | PromiseLike<Giving<NoInfer<O>>>;
  /** Whether the flow that has ended is the last one, from what it gave. */
  readonly until: (outputs: NoInfer<O>) => boolean | PromiseLike<boolean>;
  /** How many flows there are at most, the first one counted. When `until` wants more, the loop fails. */
  readonly max: number;
}

/**
 * One flow after another until `until` says so, as a task: its flows' tasks are `name[0].…`, `name[1].…`, and its value is
 * an object of the outputs of the last one. `first`, `next` and `until` are asked as `when` is, without a slot, and may
 * give promises; what they throw fails the loop.
 *
 * When `until` has not said `true` after `max` flows, the loop fails with a `LoopLimitError`, which has the last outputs:
 * give a `fallback` that takes these where the best there is will do.
 *
 * Throws `DefinitionError` when a name, an input, a step or `max` can never work; options are checked by `flow()`. A
 * function that gives no flow, or one that cannot come up there, is a `PlanError` of the task.
 *
 * @example
 * ```ts
 * import { flow, loop, task } from "@astrum/core";
 *
 * const halved = (from: number) => flow("halve", { half: task("half", () => from / 2) });
 * const start = task("start", () => 40);
 *
 * const small = loop("small", { start }, {
 *   first: ({ start }) => halved(start),
 *   next: ({ half }) => halved(half),
 *   until: ({ half }) => half < 10,
 *   max: 5,
 * });
 * const done = await flow("halving", { small }).run();
 * console.log(done.unwrap().small.half, done.outcome("small[2].half").status); // 5 completed
 * ```
 */
export function loop<const D extends Inputs, O, F = never>(
  name: string,
  inputs: D,
  steps: Steps<{ readonly [K in keyof D]: ValueOf<D[K]> }, O> &
    ParentOptions<F, { readonly [K in keyof D]: ValueOf<D[K]> }>,
): Task<O | NoInfer<Awaited<F>>> {
  const issues = new Issues();
  const slots: Slot[] = [];
  issues.name(["name"], name, "The name of a task");
  addSlots(issues, name, inputs, slots);
  const given = issues.record(["tasks", name, "steps"], steps ?? null) ?? {};
  for (const key of ["first", "next", "until"] as const) {
    if (typeof given[key] === "function") continue;
    issues.add(
      "not-a-function",
      `Loop "${name}" needs a function as \`${key}\`, got ${describe(given[key])}`,
      ["tasks", name, key],
    );
  }
  if (given.max === undefined) {
    const message = `Loop "${name}" needs \`max\`, how many flows there are at most: a loop without an end would never settle`;
    issues.add("missing-max", message, ["tasks", name, "max"]);
  }
  issues.integer(["tasks", name, "max"], given.max, 1);
  issues.throwAs(DefinitionError);
  const options = Object.entries(given).filter(([key]) => !LOOP_KEYS.includes(key));
  const { first, next, until, max } = steps as LoopSteps;
  const handle: unknown = new LoopHandle(
    name,
    slots,
    { first, next, until, max },
    Object.fromEntries(options) as TaskHandle["options"],
  );
  return handle as Task<O | NoInfer<Awaited<F>>>;
}
