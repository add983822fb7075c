/**
 * Before a task queues: its inputs are resolved, its condition is asked, a map's list is counted. The machine is told the
 * answer; what it means is not known here. A task that has got its status meanwhile is asked nothing more, and the
 * machine is told when what was asked before has ended.
 */
import type { Definition } from "../define/definition.ts";
import { describe } from "../ground/describe.ts";
import { frameless, InputError, isError } from "../ground/errors.ts";
import type { PreparedEvent } from "../machine/event.ts";
import { Sparse } from "../machine/sparse.ts";
import { definitionOf } from "./definition-of.ts";
import type { Host } from "./host.ts";
import { type Prepared, prepare } from "./inputs.ts";
import { itemKeys } from "./item-keys.ts";
import type { Stored } from "./stored.ts";
import type { Values } from "./values.ts";

/** What it needs of the driver. */
export interface PreparationHost extends Host {
  readonly values: Values;
  readonly stored: Pick<Stored, "restoreItems">;
}

type Answer = Omit<PreparedEvent, "type" | "task" | "at">;
type Skip = { readonly skip?: unknown } | null | undefined;

export class Preparation {
  readonly #host: PreparationHost;
  readonly #graceMs: number | undefined;
  /** Tasks that have not been answered for, each with what calls off its grace period once that runs. */
  readonly #open: Sparse<(() => void) | undefined> = new Sparse();

  constructor(host: PreparationHost, graceMs: number | undefined) {
    this.#host = host;
    this.#graceMs = graceMs;
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
    if (this.#graceMs === undefined || !this.#open.has(task)) return;
    const forsake = (): void => {
      if (this.#open.delete(task)) this.#host.send({ type: "forsake", task, at: this.#host.now() });
    };
    this.#open.set(task, this.#host.after(this.#graceMs, forsake));
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
    const { options, kind } = definition;
    if (options?.when !== undefined) {
      let verdict: unknown;
      let skip: unknown;
      let surplus: readonly string[] = [];
      try {
        verdict = options.when(prepared.inputs as never);
        skip = verdict === false ? "its condition was not met" : (verdict as Skip)?.skip;
        if (verdict !== false && typeof skip === "string") surplus = othersThanSkip(verdict);
      } catch (error) {
        this.#failed(task, definition, error, false);
        return;
      }
      if (verdict !== true) {
        if (typeof skip === "string" && surplus.length === 0) this.#answer(task, { skip });
        else this.#refuse(task, definition, verdict, surplus);
        return;
      }
    }
    const list = prepared.list as readonly unknown[];
    let keys: readonly string[] | undefined;
    try {
      if (kind === "map") keys = itemKeys(definition, list);
    } catch (error) {
      this.#failed(task, definition, error, false);
      return;
    }
    values.hold(task, prepared);
    if (kind === "task") {
      this.#answer(task, {});
      return;
    }
    this.#answer(task, {
      items: list.length,
      keys,
      restored: this.#host.stored.restoreItems(task, list),
    });
  }

  /** What is no verdict. A promise is none either, but what it stands for goes on; its rejection is nobody's. */
  #refuse(
    task: number,
    definition: Definition,
    verdict: unknown,
    surplus: readonly string[],
  ): void {
    const what = describe(verdict);
    const got = surplus.length > 0 ? `{ skip, ${surplus.slice(0, 5).join(", ")} }` : what;
    const message = `The condition of task "${definition.name}" must return true, false or { skip: "why" }, got ${got}`;
    const promised = what === "a promise";
    this.#failed(task, definition, frameless(new InputError(definition.name, message)), promised);
    if (!promised) return;
    const ended = (): void => this.#answer(task, {});
    Promise.resolve(verdict).then(ended, ended);
  }
}

function othersThanSkip(verdict: unknown): string[] {
  return Object.keys(verdict as object).filter((key) => key !== "skip");
}
