/**
 * What attempts hold: a slot, a permit of a semaphore shared with other runs, units of named resources, of this run or of
 * several; and who of those that wait for them comes next. Starts nobody.
 */
import type { Traits } from "../define/traits.ts";
import { Claims, type Permit, type SharedDemand } from "./claims.ts";
import type { DeniedEvent } from "./event.ts";
import { BY_RESOURCE, type Ledger } from "./ledger.ts";
import type { RunSettings } from "./machine.ts";
import type { Demand, Order } from "./ready-lines.ts";
import { type Choice, ReadyQueue } from "./ready-queue.ts";
import type { Rows } from "./rows.ts";
import { Sparse } from "./sparse.ts";
import { QUEUED } from "./states.ts";
import type { Turn } from "./turn.ts";

/** Who comes next, and what it has waited for: a `BY_` code, or 0. */
interface Taken {
  readonly task: number;
  readonly lacked: number;
  /** It had to have a permit. */
  readonly permitted: boolean;
}

/** Whether these settings limit anything, so that tasks must queue. */
export function limits({ concurrency, permits, resources, shared }: RunSettings): boolean {
  return concurrency !== undefined || permits === true || !isEmpty(resources) || !isEmpty(shared);
}

function isEmpty(record: object = {}): boolean {
  return Object.keys(record).length === 0;
}

export class Room {
  running = 0;
  /** Whether every start needs a permit. */
  readonly permits: boolean;
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #freeSlots: number[] = [];
  #slots = 0;

  readonly #queue: ReadyQueue | undefined;
  readonly #claims: Claims;
  /** Those that are counted here, then those that are asked for. */
  readonly #resources: readonly string[];
  readonly #shared: readonly string[];
  /** Those of the latter that are spent, by their places. */
  readonly #spent: readonly number[];
  readonly #demands: Map<Traits, Demand> = new Map();
  /** Of tasks whose amounts are their own. */
  readonly #computed: Sparse<Demand> = new Sparse();
  readonly #plain: Demand;
  readonly #isQueued = (task: number): boolean => this.#ledger.status[task] === QUEUED;

  /** `order`: who goes first of those that `add` brings; without one nobody is brought. */
  constructor(rows: Rows, ledger: Ledger, turn: Turn, settings: RunSettings, order?: Order) {
    const { concurrency = Number.POSITIVE_INFINITY, permits = false } = settings;
    const { resources = {}, shared = {} } = settings;
    this.#rows = rows;
    this.#ledger = ledger;
    this.#turn = turn;
    this.permits = permits;
    this.#resources = Object.keys(resources);
    this.#shared = Object.keys(shared);
    this.#spent = this.#shared.flatMap((name, at) => (shared[name] === "spent" ? [at] : []));
    ledger.sharedFrom = BY_RESOURCE + this.#resources.length;
    this.#claims = new Claims(turn);
    this.#plain = this.#demandFor(undefined);
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
    this.#queue?.give(this.#demandOf(task).units);
    this.#claims.give(task);
  }

  /** Whether each attempt spends what does not come back with its end. */
  spends(task: number): boolean {
    if (this.#spent.length === 0) return false;
    const units = this.#claims.unitsOf(
      this.#demandOf(task).share as SharedDemand | undefined,
      task,
    );
    return this.#spent.some((at) => (units[at] ?? 0) > 0);
  }

  /** The claim that the attempt of a task holds. */
  claimOf(task: number): number | undefined {
    return this.#claims.heldBy(task);
  }

  // ---- without an order: whoever is first in a line of another's ---------------------------------------------------

  /** Asks for a permit, unless one is awaited. */
  askPermit(task: number): void {
    const share = this.#plain.share as SharedDemand;
    if (share.state === "idle") this.#claims.ask(share, task);
  }

  /** The permit is there: for this task, or it goes back in the same turn. */
  permitFor(permit: Permit, task: number | undefined): number | undefined {
    const share = this.#plain.share as SharedDemand;
    this.#claims.granted(permit);
    if (share.state !== "granted") return undefined;
    if (task === undefined) this.#claims.putBack(share);
    else this.#claims.take(share, task);
    return task;
  }

  // ---- who waits ---------------------------------------------------------------------------------------------------

  /** A queued task waits for its turn. */
  add(task: number): void {
    this.#queue?.add(task, this.#demandOf(task));
  }

  /**
   * The best of those that may start now. What it needs of that which several runs share is asked for first; so others may
   * start meanwhile.
   */
  next(): Taken | undefined {
    const queue = this.#queue as ReadyQueue;
    for (;;) {
      const choice = queue.choose(this.#isQueued);
      if (choice === undefined) return undefined;
      const share = choice.share as SharedDemand | undefined;
      if (share === undefined) return this.#taken(queue, choice, undefined);
      if (share.state === "idle") {
        this.#claims.ask(share, choice.task);
      } else if (this.#claims.isFor(share, choice.task)) return this.#taken(queue, choice, share);
      else this.#claims.putBack(share);
    }
  }

  #taken(queue: ReadyQueue, choice: Choice, share: SharedDemand | undefined): Taken {
    const lacked = queue.take(choice);
    const { task } = choice;
    if (share === undefined) return { task, lacked, permitted: false };
    this.#claims.take(share, task);
    const waitedFor = share.lacked === undefined ? lacked : this.#ledger.sharedFrom + share.lacked;
    return { task, lacked: waitedFor, permitted: this.permits };
  }

  /**
   * Nobody more starts in this turn. Returns whether nobody may start before the driver has answered: who asked comes before
   * those that it left out, and whoever waits without an answer keeps them waiting.
   */
  rest(): boolean {
    if (!this.#claims.any) return false;
    const queue = this.#queue as ReadyQueue;
    this.#claims.putBackUnused(queue, this.#isQueued);
    this.#claims.arrange(queue, this.#isQueued);
    return queue.isMixed && this.#claims.asks;
  }

  /** A claim is granted. */
  granted(permit: Permit): void {
    this.#claims.granted(permit);
  }

  /** A claim can never be granted: returns the task that cannot be served, when it still waits. */
  denied(event: DeniedEvent): number | undefined {
    const task = this.#claims.denied(event);
    return task !== undefined && this.#isQueued(task) ? task : undefined;
  }

  /** Every claim that could be granted at once has been. */
  answered(): void {
    this.#claims.answered();
  }

  // ---- demands -----------------------------------------------------------------------------------------------------

  /** Amounts of a task that were computed: `at` says which of each list. */
  compute(task: number, amounts: Readonly<Record<string, readonly number[]>>, at: number): void {
    const { resources = {} } = this.#rows.traitsOf(task);
    const of = (name: string): number => {
      const own = Object.hasOwn(amounts, name) ? amounts[name]?.[at] : undefined;
      return own ?? (Object.hasOwn(resources, name) ? (resources[name] as number) : 0);
    };
    const units = this.#resources.map(of);
    const shared = this.#shared.map(of);
    // Tasks that need amounts of the same things share one line, and one claim for what is shared.
    const names = (among: readonly string[]): string =>
      JSON.stringify(among.filter((name) => Object.hasOwn(resources, name)));
    const asks = this.permits || shared.some((amount) => amount > 0);
    const places = this.#shared.flatMap((name, at) => (Object.hasOwn(resources, name) ? [at] : []));
    const share = asks ? this.#claims.demand(names(this.#shared), places, undefined) : undefined;
    if (asks) this.#claims.compute(task, shared);
    const key = `${names([...this.#resources, ...this.#shared])} ${asks}`;
    this.#computed.set(task, { key, units, share, computed: true });
    const said = Object.keys(amounts).map((name) => [name, of(name)]);
    this.#ledger.amounts.set(task, Object.fromEntries(said) as Record<string, number>);
  }

  #demandOf(task: number): Demand {
    const own = this.#computed.size === 0 ? undefined : this.#computed.get(task);
    if (own !== undefined) return own;
    const traits = this.#rows.traitsOf(task);
    if (traits.resources === undefined) return this.#plain;
    let demand = this.#demands.get(traits);
    if (demand === undefined) {
      demand = this.#demandFor(traits.resources);
      this.#demands.set(traits, demand);
    }
    return demand;
  }

  /** Amounts in the order of the run's resources. Equal demands have one key, and wait in one line. */
  #demandFor(amounts: Readonly<Record<string, number | "computed">> = {}): Demand {
    // What is missing is told before the task queues.
    const of = (name: string): number =>
      Object.hasOwn(amounts, name) ? (amounts[name] as number) : 0;
    const local = this.#resources.map(of);
    const shared = this.#shared.map(of);
    const units = local.some((amount) => amount > 0) ? local : [];
    const asks = this.permits || shared.some((amount) => amount > 0);
    const places = shared.flatMap((amount, at) => (amount > 0 ? [at] : []));
    const share = asks ? this.#claims.demand(shared.join(), places, shared) : undefined;
    return { key: `${units.join()} ${asks ? shared.join() : "-"}`, units, share, computed: false };
  }
}
