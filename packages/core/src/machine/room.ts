/**
 * What attempts hold: a slot, a permit of a semaphore shared with other runs, units of named resources; and who of those
 * that wait for them comes next. Starts nobody.
 */
import type { Traits } from "../define/traits.ts";
import type { Ledger } from "./ledger.ts";
import type { RunSettings } from "./machine.ts";
import { type Order, ReadyQueue } from "./ready-queue.ts";
import type { Rows } from "./rows.ts";
import { QUEUED } from "./states.ts";
import type { Turn } from "./turn.ts";

const NO_DEMAND: readonly number[] = [];

/** Who comes next, and what it has waited for: a `BY_` code, or 0. */
interface Taken {
  readonly task: number;
  readonly lacked: number;
}

/** Whether these settings limit anything, so that tasks must queue. */
export function limits({ concurrency, permits, resources = {} }: RunSettings): boolean {
  return concurrency !== undefined || permits === true || Object.keys(resources).length > 0;
}

export class Room {
  running = 0;
  /** Whether every start needs a permit. */
  readonly permits: boolean;
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  #permitAsked = false;
  readonly #freeSlots: number[] = [];
  #slots = 0;

  readonly #queue: ReadyQueue | undefined;
  readonly #resources: readonly string[];
  /** The amounts of each demand, by the traits that have it. */
  readonly #demands: Map<Traits, readonly number[]> = new Map();
  readonly #isQueued = (task: number): boolean => this.#ledger.status[task] === QUEUED;

  /** `order`: who goes first of those that `add` brings; without one nobody is brought. */
  constructor(rows: Rows, ledger: Ledger, turn: Turn, settings: RunSettings, order?: Order) {
    const { concurrency = Number.POSITIVE_INFINITY, permits = false, resources = {} } = settings;
    this.#rows = rows;
    this.#ledger = ledger;
    this.#turn = turn;
    this.permits = permits;
    this.#resources = Object.keys(resources);
    if (order !== undefined) {
      this.#queue = new ReadyQueue(concurrency, Object.values(resources), order);
    }
  }

  // ---- what is held ------------------------------------------------------------------------------------------------

  /** The slot of an attempt that starts now. */
  take(): number {
    this.running++;
    if (this.running > this.#ledger.peakConcurrency) this.#ledger.peakConcurrency = this.running;
    return this.#freeSlots.pop() ?? this.#slots++;
  }

  /** The last attempt of a task has ended: what it held comes back. */
  give(task: number): void {
    const attempt = this.#ledger.lastAttempt[task] as number;
    this.#freeSlots.push(this.#ledger.slot[attempt] as number);
    this.running--;
    this.#turn.freed = attempt;
    this.#queue?.give(this.#demandOf(task));
    if (this.permits) this.#turn.command({ type: "yield" });
  }

  /** Asks for a permit, unless one is awaited. */
  askPermit(): void {
    if (!this.#permitAsked) this.#turn.command({ type: "acquire" });
    this.#permitAsked = true;
  }

  /** The permit is there: for this task, or it goes back in the same turn. */
  permitFor<T>(task: T | undefined): T | undefined {
    this.#permitAsked = false;
    if (task === undefined) this.#turn.command({ type: "yield" });
    return task;
  }

  // ---- who waits ---------------------------------------------------------------------------------------------------

  /** A queued task waits for its turn. */
  add(task: number): void {
    this.#queue?.add(task, this.#demandOf(task));
  }

  /** The best of those that may start now. When every start needs a permit nobody may: one is asked for instead. */
  next(): Taken | undefined {
    if (!this.permits) return this.#queue?.take(this.#isQueued);
    if (!this.#permitAsked && this.#queue?.fits(this.#isQueued)) this.askPermit();
    return undefined;
  }

  /** With the permit that is there now. */
  nextPermitted(): Taken | undefined {
    return this.permitFor(this.#queue?.take(this.#isQueued));
  }

  /** In the order of the run's resources. */
  #demandOf(task: number): readonly number[] {
    if (this.#resources.length === 0) return NO_DEMAND;
    const traits = this.#rows.traitsOf(task);
    const { resources } = traits;
    if (resources === undefined) return NO_DEMAND;
    let demand = this.#demands.get(traits);
    if (demand === undefined) {
      demand = this.#resources.map((name) =>
        Object.hasOwn(resources, name) ? (resources[name] as number) : 0,
      );
      this.#demands.set(traits, demand);
    }
    return demand;
  }
}
