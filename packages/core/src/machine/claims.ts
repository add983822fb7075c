/**
 * What this run asks for of that which several runs share: one claim at a time for all lines that need the same, numbered,
 * for the best of their tasks. What is there is not known here: it is asked for, and the answer is an event. Starts nobody.
 */
import type { DeniedEvent, MachineEvent } from "./event.ts";
import type { Share } from "./ready-lines.ts";
import type { ReadyQueue } from "./ready-queue.ts";
import { Sparse } from "./sparse.ts";
import type { Turn } from "./turn.ts";

/** Units by shared resource, in the order of the run's settings. */
export type Units = readonly number[];

/** Those who need the same of what is shared; where amounts are computed, of the same things. */
export interface SharedDemand extends Share {
  /** Of each of its tasks, where it is the same. */
  readonly units: Units | undefined;
  /** The number of the claim that is open or granted, and for whom and how much it is. */
  claim: number;
  head: number;
  claimed: Units;
  /** What it waited for, as the driver has told it: a shared resource, or nothing that is one. */
  lacked: number | undefined;
}

export type Permit = Extract<MachineEvent, { readonly type: "permit" }>;
type IsLive = (task: number) => boolean;

export class Claims {
  readonly #turn: Turn;
  readonly #demands: Map<string, SharedDemand> = new Map();
  /** In the order in which the driver has them. */
  readonly #open: Map<number, SharedDemand> = new Map();
  /** By task: the claim that its attempt holds, and amounts that are its own. */
  readonly #held: Sparse<number> = new Sparse();
  readonly #computed: Sparse<Units> = new Sparse();
  #claims = 0;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** The same for the same key. `units`: unless they are computed. */
  demand(key: string, places: readonly number[], units: Units | undefined): SharedDemand {
    let demand = this.#demands.get(key);
    if (demand === undefined) {
      const none = { claim: -1, head: -1, claimed: [], lacked: undefined };
      demand = { units, places, state: "idle", ...none };
      this.#demands.set(key, demand);
    }
    return demand;
  }

  /** Amounts that were computed for a task. */
  compute(task: number, units: Units): void {
    this.#computed.set(task, units);
  }

  /** What a task needs of that. */
  unitsOf(demand: SharedDemand | undefined, task: number): Units {
    return demand === undefined ? [] : this.#unitsOf(demand, task);
  }

  // ---- asked -------------------------------------------------------------------------------------------------------

  /** Asks for the best of those that need it. */
  ask(demand: SharedDemand, head: number): void {
    demand.state = "asked";
    demand.claim = this.#claims++;
    demand.head = head;
    demand.claimed = this.#unitsOf(demand, head);
    demand.lacked = undefined;
    this.#open.set(demand.claim, demand);
    this.#turn.command({ type: "acquire", claim: demand.claim, units: demand.claimed });
  }

  /** It is there. What nobody asked for any more goes back at once. */
  granted({ claim, units, lacked }: Permit): void {
    const demand = this.#open.get(claim);
    if (demand === undefined) {
      this.#turn.command({ type: "yield", claim, unused: true });
      return;
    }
    demand.state = "granted";
    demand.claimed = units;
    demand.lacked = lacked;
  }

  /** It can never be there: returns for whom it was asked, unless that is another one by now who asks for less. */
  denied({ claim, units }: DeniedEvent): number | undefined {
    const demand = this.#open.get(claim);
    if (demand === undefined) return undefined;
    this.#close(demand);
    if (sameUnits(units, demand.claimed)) return demand.head;
    // The claim of that one came behind all others.
    demand.state = "waiting";
    this.#open.set(claim, demand);
    return undefined;
  }

  /** All answers that could be given at once have been: who has none waits. */
  answered(): void {
    for (const demand of this.#open.values()) {
      if (demand.state === "asked") demand.state = "waiting";
    }
  }

  /** A task takes what was granted; its amounts must be those that were claimed. */
  take(demand: SharedDemand, task: number): void {
    this.#held.set(task, demand.claim);
    this.#close(demand);
  }

  /** What the last attempt of a task held goes back; what it has spent does not. */
  give(task: number): void {
    if (this.#held.size === 0) return;
    const claim = this.#held.get(task);
    if (claim === undefined) return;
    this.#held.delete(task);
    this.#turn.command({ type: "yield", claim });
  }

  /** The claim that a task holds. */
  heldBy(task: number): number | undefined {
    return this.#held.get(task);
  }

  // ---- at the end of a turn ----------------------------------------------------------------------------------------

  /** Whether the answer to any is not known yet. */
  get asks(): boolean {
    for (const { state } of this.#open.values()) if (state === "asked") return true;
    return false;
  }

  /** Whether any is open. */
  get any(): boolean {
    return this.#open.size > 0;
  }

  /** Whether what was granted is for this task: the best may be another one by now, with other amounts. */
  isFor(demand: SharedDemand, task: number): boolean {
    return demand.units !== undefined || sameUnits(this.#unitsOf(demand, task), demand.claimed);
  }

  /** What was granted is for nobody. */
  putBack(demand: SharedDemand): void {
    this.#turn.command({ type: "yield", claim: demand.claim, unused: true });
    this.#close(demand);
  }

  /** Nobody could take what was granted, which counts as a bypass. */
  putBackUnused(queue: ReadyQueue, isLive: IsLive): void {
    for (const demand of this.#open.values()) {
      if (demand.state !== "granted") continue;
      this.putBack(demand);
      queue.bypass(demand, isLive);
    }
  }

  /** The claims that wait are those of tasks that do: with their amounts, and in their order. */
  arrange(queue: ReadyQueue, isLive: IsLive): void {
    let last: number | undefined;
    let isOrdered = true;
    for (const demand of this.#open.values()) {
      const head = queue.headOf(demand, isLive);
      if (head === undefined) {
        this.#turn.command({ type: "withdraw", claim: demand.claim });
        this.#close(demand);
        continue;
      }
      if (head !== demand.head) this.#renew(demand, head);
      if (last !== undefined && queue.before(head, last)) isOrdered = false;
      last = head;
    }
    if (isOrdered) return;
    const order = [...this.#open].sort(([, a], [, b]) => (queue.before(a.head, b.head) ? -1 : 1));
    this.#open.clear();
    for (const [claim, demand] of order) this.#open.set(claim, demand);
    this.#turn.command({ type: "arrange", claims: [...this.#open.keys()] });
  }

  /** It is for another task now. */
  #renew(demand: SharedDemand, head: number): void {
    const { claim, claimed } = demand;
    demand.head = head;
    const units = this.#unitsOf(demand, head);
    if (sameUnits(units, claimed)) return;
    demand.claimed = units;
    this.#turn.command({ type: "acquire", claim, units });
  }

  #close(demand: SharedDemand): void {
    this.#open.delete(demand.claim);
    demand.state = "idle";
  }

  #unitsOf({ units }: SharedDemand, task: number): Units {
    return units ?? (this.#computed.get(task) as Units);
  }
}

function sameUnits(some: Units, others: Units): boolean {
  return some.every((units, at) => units === others[at]);
}
