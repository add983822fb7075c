/**
 * Door 1: a flow as a task of another, known beforehand. The handle describes; the flow around it plans its tasks with its
 * own. Knows no run.
 */
import { otherCopy } from "../ground/brand.ts";
import { Issues } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import { DefinitionError } from "../ground/errors.ts";
import { type Slot, TaskHandle } from "./definition.ts";
import { FlowHandle } from "./flow-handle.ts";
import { checkGiven } from "./given-params.ts";
import type { Giving } from "./giving.ts";
import { type Input, noInput, type Task, toSlot } from "./task.ts";
import type { ParentOptions } from "./task-options.ts";

/** What `subflow` makes. Its slots are the inputs that stand in the place of parameters. */
export class SubflowHandle extends TaskHandle {
  /** As people know it, where a tool prints it. */
  static override readonly name: string = "Task";
  readonly flow: FlowHandle;

  constructor(
    name: string,
    flow: FlowHandle,
    slots: readonly Slot[],
    options: TaskHandle["options"],
  ) {
    super(name, "task", slots, neverCalled, options);
    this.flow = flow;
  }

  override get role(): "subflow" {
    return "subflow";
  }
}

function neverCalled(): undefined {
  return undefined;
}

/**
 * A flow as a task of another: its tasks are planned with the rest, under `name.`, and its value is an object of its
 * outputs. Its parameters are inputs here; those that are not given stay parameters of the flow around it. `when` is asked
 * with what is given, before anything of it starts.
 *
 * A failure inside is that of this task, a `SubflowError`. With `onFailure: "ignore"` or `fallback` it stops the other
 * tasks of this flow, and the run goes on.
 *
 * Throws `DefinitionError` for what is no flow, no input, or the name of no parameter. Two tasks of one name, such as
 * `eu.load` beside a task `load` of a subflow `eu`, are a plan error of the flow around it.
 *
 * @example
 * ```ts
 * import { flow, param, subflow, task, value } from "@astrum/core";
 *
 * const code = param<string>("code");
 * const sales = task("sales", { code }, ({ code }) => code.length * 100);
 * const region = flow("region", { sales });
 *
 * const eu = subflow("eu", region, { code: value("de") });
 * const us = subflow("us", region, { code: value("usa") });
 * const total = task("total", { eu, us }, ({ eu, us }) => eu.sales + us.sales);
 *
 * const done = await flow("report", { total }).run();
 * console.log(done.unwrap().total, done.outcome("us.sales").status); // 500 completed
 * ```
 */
export function subflow<O, F = never>(
  name: string,
  flow: Giving<O>,
  params?: { readonly [param: string]: Task<unknown> | Input<unknown> } | undefined,
  options?: ParentOptions<F> | undefined,
): Task<O | NoInfer<F>> {
  const issues = new Issues();
  issues.name(["name"], name, "The name of a task");
  const inner: unknown = flow;
  if (!(inner instanceof FlowHandle)) {
    const got = otherCopy(inner, "flow") ?? describe(inner);
    issues.add("invalid-flow", `Subflow "${name}" needs a flow, got ${got}`, ["tasks", name]);
  }
  const slots: Slot[] = [];
  const given = issues.record(["tasks", name, "params"], params ?? {}) ?? {};
  for (const key in given) {
    const slot = toSlot(key, given[key]);
    if (slot === undefined || slot.kind === "after") {
      const path = ["tasks", name, "params", key];
      const message =
        slot === undefined
          ? noInput(name, key, given[key])
          : `Input "${key}" of task "${name}" is an order, which gives no value for a parameter`;
      issues.add("invalid-input", message, path);
    } else slots.push(slot);
  }
  if (inner instanceof FlowHandle) {
    checkGiven(issues, inner.graph, Object.keys(given), ["tasks", name, "params"]);
  }
  if (options !== undefined) issues.record(["tasks", name, "options"], options);
  issues.throwAs(DefinitionError);
  const handle: unknown = new SubflowHandle(
    name,
    inner as unknown as FlowHandle,
    slots,
    options as TaskHandle["options"],
  );
  return handle as Task<O | NoInfer<F>>;
}
