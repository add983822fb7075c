/**
 * What functions gave, before the machine hears of it: a flow comes up or is refused; a result that counts is stored and
 * cached; what a thing gave and does not count is let go. Decides nothing.
 */
import type { MachineEvent, ReturnedEvent } from "../machine/event.ts";
import type { Dispatch, Machine } from "../machine/machine.ts";
import type { Cached } from "./cached.ts";
import { InnerFlows } from "./inner-flows.ts";
import type { RunOptions } from "./options.ts";
import type { Stored } from "./stored.ts";
import type { Things } from "./things.ts";

/** What it needs of the driver. */
export interface ResultsHost {
  readonly machine: Machine;
  readonly stored: Pick<Stored, "kept" | "fellBack" | "restoreInside">;
  readonly cache: Pick<Cached, "keep"> | undefined;
  readonly things: Pick<Things, "live" | "unheard">;
}

export class Results {
  readonly #host: ResultsHost;
  readonly #inner: InnerFlows;

  constructor(host: ResultsHost, options: RunOptions, dispatch: Dispatch) {
    this.#host = host;
    this.#inner = new InnerFlows(host, options, dispatch);
  }

  /** The event as the machine is told it. */
  take(given: MachineEvent): MachineEvent {
    switch (given.type) {
      case "returned":
        return this.#inner.returned(given) ?? this.#kept(given);
      case "prepared":
      case "iterated":
        return given.inner === undefined ? given : this.#inner.next(given);
      case "fellBack":
        this.#host.stored.fellBack(given);
        return given;
      default:
        return given;
    }
  }

  #kept(given: ReturnedEvent): MachineEvent {
    const { stored, machine, cache, things } = this.#host;
    const event = stored.kept(given);
    if (given.heard === false) return event;
    const { task, value } = given;
    if (event.type === "returned" && machine.mayComplete(task)) cache?.keep(task, value);
    else if (things.live(task)) things.unheard(task, value);
    return event;
  }
}
