/**
 * Before a task queues: its inputs are resolved, its condition is asked, a map's list is counted. The machine is told the
 * answer; what it means is not known here.
 */
import type { Definition } from "../define/task.ts";
import { describe, InputError, isError } from "../ground/errors.ts";
import type { MachineEvent } from "../machine/event.ts";
import type { Restored } from "../resume/restore.ts";
import { type Prepared, prepare } from "./inputs.ts";
import type { Values } from "./values.ts";

/** What it needs of the driver. */
export interface PreparationHost {
  readonly values: Values;
  now(): number;
  send(event: MachineEvent): void;
}

export class Preparation {
  readonly #host: PreparationHost;
  readonly #definitions: readonly Definition[];
  readonly #restored: Restored | undefined;

  constructor(
    host: PreparationHost,
    definitions: readonly Definition[],
    restored: Restored | undefined,
  ) {
    this.#host = host;
    this.#definitions = definitions;
    this.#restored = restored;
  }

  prepare(task: number): void {
    const definition = this.#definitions[task] as Definition;
    const fail = (error: unknown): void => {
      const wrapped = isError(error)
        ? error
        : new InputError(definition.name, `Task "${definition.name}" could not be prepared`, {
            cause: error,
          });
      this.#host.send({ type: "prepared", task, at: this.#host.now(), error: wrapped });
    };
    if (!definition.prepares) {
      this.#host.send({ type: "prepared", task, at: this.#host.now() });
      return;
    }
    try {
      const prepared = prepare(definition, task, this.#host.values);
      if (prepared instanceof Promise) {
        prepared.then((ready) => this.#decide(task, definition, ready)).catch(fail);
      } else {
        this.#decide(task, definition, prepared);
      }
    } catch (error) {
      fail(error);
    }
  }

  /** Asks the condition. Throws what it throws. */
  #decide(task: number, { name, options, kind }: Definition, prepared: Prepared): void {
    const verdict = options?.when === undefined || options.when(prepared.inputs as never);
    const at = this.#host.now();
    if (verdict !== true) {
      const skip = verdict === false ? "its condition was not met" : verdict?.skip;
      if (typeof skip !== "string") {
        Promise.resolve(verdict).catch(() => {}); // A promise is no answer, and its rejection nobody's.
        throw new InputError(
          name,
          `The condition of task "${name}" must return true, false or { skip: "why" }, got ${describe(verdict)}`,
        );
      }
      this.#host.send({ type: "prepared", task, at, skip });
      return;
    }
    this.#host.values.hold(task, prepared);
    if (kind === "task") {
      this.#host.send({ type: "prepared", task, at });
      return;
    }
    const items = (prepared.list as readonly unknown[]).length;
    const known = this.#restored?.items.get(task) ?? [];
    const restored = new Map([...known].filter(([index]) => index < items));
    this.#host.send({ type: "prepared", task, at, items, restored });
  }
}
