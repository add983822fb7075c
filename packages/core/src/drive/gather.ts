/**
 * What a map gives whose items have ended, and a task with a flow inside of it: put together, checked by the schema of the
 * task, stored. Decides nothing.
 */
import type { GatheredEvent } from "../machine/event.ts";
import { holdsFlow } from "../report/outcome.ts";
import { definitionOf } from "./definition-of.ts";
import type { Host } from "./host.ts";
import { validate } from "./inputs.ts";
import type { Stored } from "./stored.ts";
import type { Values } from "./values.ts";

/** What it needs of the driver. */
export interface GatherHost extends Host {
  readonly values: Values;
  readonly stored: Stored;
  nameOf(task: number): string;
}

export class Gatherer {
  readonly #host: GatherHost;

  constructor(host: GatherHost) {
    this.#host = host;
  }

  /** The answer to `gather`, at once; `pending` when a schema or the journal takes its time: another one follows. */
  gathered(task: number, at: number): GatheredEvent {
    const { machine, values } = this.#host;
    const output = values.gather(task);
    const flow = holdsFlow(machine.ledger, task);
    const schema = flow ? definitionOf(machine, task).options?.output : undefined;
    if (schema === undefined) return this.#host.stored.gathered(task, output, at);
    try {
      const checked = validate(schema, output, this.#host.nameOf(task), "output");
      if (!(checked instanceof Promise)) return this.#kept(task, checked, at);
      checked.then(
        (value: unknown) => {
          const event = this.#kept(task, value, this.#host.now());
          // That it takes its time is known already.
          if (event.pending !== true) this.#host.send(event);
        },
        (error: unknown) => {
          this.#host.send({ type: "gathered", task, at: this.#host.now(), error });
        },
      );
      return { type: "gathered", task, at, pending: true };
    } catch (error) {
      return { type: "gathered", task, at, error };
    }
  }

  #kept(task: number, value: unknown, at: number): GatheredEvent {
    this.#host.values.set(task, value);
    return this.#host.stored.gathered(task, value, at);
  }
}
