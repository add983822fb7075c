/**
 * Before a task queues: its inputs are resolved, its condition is asked, a map's list is counted. The machine is told the
 * answer; what it means is not known here. A task that has got its status meanwhile is asked nothing more, and the
 * machine is told when what was asked before has ended.
 */
import type { Definition } from "../define/definition.ts";
import { Issues } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import { frameless, InputError, isError, PlanError } from "../ground/errors.ts";
import { isPromise, settling } from "../ground/promised.ts";
import type { PreparedEvent } from "../machine/event.ts";
import { Sparse } from "../machine/sparse.ts";
import { taskName } from "../machine/task-name.ts";
import { amountsOf, amountsOfItems } from "./amounts.ts";
import { definitionOf } from "./definition-of.ts";
import { graceOf } from "./grace-of.ts";
import type { Host } from "./host.ts";
import { type Prepared, prepare } from "./inputs.ts";
import { itemKeys } from "./item-keys.ts";
import type { RunOptions } from "./options.ts";
import type { Capacity } from "./resources.ts";
import { checkSize } from "./size.ts";
import { journalFailure, type Stored } from "./stored.ts";
import type { Values } from "./values.ts";

/** What it needs of the driver. */
export interface PreparationHost extends Host {
  readonly values: Values;
  readonly stored: Pick<Stored, "restoreItems">;
  readonly capacity: Capacity;
}

type Answer = Omit<PreparedEvent, "type" | "task" | "at">;
type Skip = { readonly skip?: unknown } | null | undefined;

export class Preparation {
  readonly #host: PreparationHost;
  readonly #graceMs: number | undefined;
  readonly #maxTasks: number | undefined;
  /** Tasks that have not been answered for, each with what calls off its grace period once that runs. */
  readonly #open: Sparse<(() => void) | undefined> = new Sparse();

  constructor(host: PreparationHost, { graceMs, maxTasks }: RunOptions) {
    this.#host = host;
    this.#graceMs = graceMs;
    this.#maxTasks = maxTasks;
  }

  prepare(task: number): void {
    const definition = definitionOf(this.#host.machine, task);
    this.#open.set(task, undefined);
    if (!definition.prepares) {
      this.#answer(task, {});
      return;
    }
    prepare(definition, task, this.#host.values, {
      ready: (prepared) => this.#decide(task, definition, prepared),
      failed: (error, unfinished) => this.#failed(task, definition, error, unfinished),
      ended: () => this.#answer(task, {}),
    });
  }

  /** The answer is not wanted any more; its end is waited for, within the grace period. */
  unprepare(task: number): void {
    // An answer that was given is on its way.
    const graceMs = graceOf(this.#host.machine, task, this.#graceMs);
    if (graceMs === undefined || !this.#open.has(task)) return;
    const forsake = (): void => {
      if (this.#open.delete(task)) this.#host.send({ type: "forsake", task, at: this.#host.now() });
    };
    this.#open.set(task, this.#host.after(graceMs, forsake));
  }

  /** What has been forsaken answers no more. */
  #answer(task: number, answer: Answer): void {
    if (!this.#open.has(task)) return;
    if (answer.unfinished !== true) {
      this.#open.get(task)?.();
      this.#open.delete(task);
    }
    this.#host.send({ ...answer, type: "prepared", task, at: this.#host.now() });
  }

  #failed(task: number, { name }: Definition, thrown: unknown, unfinished: boolean): void {
    const message = `Task "${name}" could not be prepared`;
    const error = isError(thrown)
      ? thrown
      : frameless(new InputError(name, message, { cause: thrown }));
    this.#answer(task, unfinished ? { error, unfinished } : { error });
  }

  /** Asks the condition, unless the task has its status. */
  #decide(task: number, definition: Definition, prepared: Prepared): void {
    const { values } = this.#host;
    if (!values.wants(task)) {
      this.#answer(task, {});
      return;
    }
    const when = definition.options?.when;
    if (when === undefined) {
      this.#take(task, definition, prepared);
      return;
    }
    let verdict: unknown;
    try {
      verdict = when(prepared.inputs as never);
    } catch (error) {
      this.#failed(task, definition, error, false);
      return;
    }
    if (!isPromise(verdict)) {
      this.#judge(task, definition, prepared, verdict);
      return;
    }
    settling(verdict).then(
      (answer) => {
        if (values.wants(task)) this.#judge(task, definition, prepared, answer);
        else this.#answer(task, {});
      },
      (error: unknown) => this.#failed(task, definition, error, false),
    );
  }

  /** What the condition answered. */
  #judge(task: number, definition: Definition, prepared: Prepared, verdict: unknown): void {
    if (verdict === true) {
      this.#take(task, definition, prepared);
      return;
    }
    let skip: unknown;
    let surplus: readonly string[] = [];
    try {
      skip = verdict === false ? "its condition was not met" : (verdict as Skip)?.skip;
      if (verdict !== false && typeof skip === "string") surplus = othersThanSkip(verdict);
    } catch (error) {
      this.#failed(task, definition, error, false);
      return;
    }
    if (typeof skip === "string" && surplus.length === 0) this.#answer(task, { skip });
    else this.#failed(task, definition, noVerdict(definition, verdict, surplus), false);
  }

  /** The task runs, unless its list has no keys. */
  #take(task: number, definition: Definition, prepared: Prepared): void {
    const { values, stored } = this.#host;
    const { capacity } = this.#host;
    if (definition.kind === "task") {
      let amounts: Answer | undefined;
      try {
        amounts = amountsOf(definition, prepared.inputs, capacity);
      } catch (error) {
        this.#failed(task, definition, error, false);
        return;
      }
      values.hold(task, prepared);
      this.#answer(task, amounts ?? {});
      return;
    }
    const list = prepared.list as readonly unknown[];
    let keys: readonly string[] | undefined;
    try {
      this.#checkSize(task, list.length);
      keys = itemKeys(definition, list);
    } catch (error) {
      this.#failed(task, definition, error, false);
      return;
    }
    values.hold(task, prepared);
    const amounts = amountsOfItems(definition, list, capacity);
    let restored: ReadonlyMap<number, unknown>;
    try {
      restored = stored.restoreItems(task, list, keys);
    } catch (error) {
      this.#host.send({ type: "stop", at: this.#host.now(), cause: journalFailure(error) });
      this.#answer(task, { error });
      return;
    }
    this.#answer(task, { items: list.length, keys, restored, ...amounts });
  }

  /** Throws when there are more items than the run may have tasks. */
  #checkSize(map: number, items: number): void {
    const issues = new Issues();
    const { plan, ledger } = this.#host.machine;
    checkSize(issues, items, ledger.tasks, this.#maxTasks, taskName(plan.graph, ledger, map));
    issues.throwAs(PlanError);
  }
}

/** What a condition gave that is no verdict, as the error of its task. */
function noVerdict({ name }: Definition, verdict: unknown, surplus: readonly string[]): InputError {
  const got =
    surplus.length > 0 ? `{ skip, ${surplus.slice(0, 5).join(", ")} }` : describe(verdict);
  const message = `The condition of task "${name}" must return true, false or { skip: "why" }, or a promise of that, got ${got}`;
  return frameless(new InputError(name, message));
}

function othersThanSkip(verdict: unknown): string[] {
  return Object.keys(verdict as object).filter((key) => key !== "skip");
}
