/**
 * What one run has asked for, and been granted, of that which several runs share. It obeys the machine's commands about
 * claims and tells it the answers; who is served when is `sharing`'s to say.
 */
import type { Anchor, Clock } from "../contract/clock.ts";
import { BudgetExhaustedError, frameless } from "../ground/errors.ts";
import type { MachineEvent } from "../machine/event.ts";
import type { Host } from "./host.ts";
import { noRate } from "./no-rate.ts";
import { arrange, ask, change, correct, debit, end, pause } from "./sharing.ts";
import { Claim, type Stock, type Time } from "./stock.ts";

/** What it needs of the driver: to be told answers, in the run's own context. */
export interface GrantsHost extends Pick<Host, "now" | "after"> {
  answer(event: MachineEvent): void;
}

/** What a run shares with others. */
export interface SharedByRun {
  /** What its slots come from. */
  readonly permits: Stock | undefined;
  /** By name, in the order of the machine's settings. */
  readonly stocks: ReadonlyMap<string, Stock>;
}

export class Grants {
  readonly #host: GrantsHost;
  readonly #permits: Stock | undefined;
  /** In the order of the machine's settings. */
  readonly #stocks: readonly Stock[];
  readonly #names: readonly string[];
  readonly #claims: Map<number, Claim> = new Map();
  /** How much each claim is for. */
  readonly #units: Map<number, readonly number[]> = new Map();
  /** What attempts have said that they spent, by name. */
  readonly #told: WeakMap<object, number[]> = new WeakMap();
  readonly #clock: Clock;
  readonly #time: Time;

  constructor(host: GrantsHost, { permits, stocks }: SharedByRun, anchor: Anchor) {
    this.#host = host;
    this.#permits = permits;
    this.#stocks = [...stocks.values()];
    this.#names = [...stocks.keys()];
    this.#clock = anchor.clock;
    this.#time = {
      now: () => anchor.now + host.now(),
      after: (ms, fire) => host.after(ms, fire),
    };
  }

  /** Of a claim that waits already the amounts are changed; one that was denied meanwhile is made anew. */
  acquire(number: number, units: readonly number[]): void {
    const demand = this.#demand(units);
    const open = this.#claims.get(number);
    if (open !== undefined) {
      // One that was granted meanwhile says how much it is for.
      if (open.state !== "waiting") return;
      this.#units.set(number, units);
      change(open, demand);
      return;
    }
    const claim: Claim = new Claim(
      this.#time,
      demand,
      () => this.#granted(number, claim),
      (by, left) => this.#denied(number, by, left),
    );
    this.#claims.set(number, claim);
    this.#units.set(number, units);
    ask(claim);
  }

  /** One that was denied since the machine said so is not there any more. */
  arrange(numbers: readonly number[]): void {
    arrange(numbers.flatMap((number) => this.#claims.get(number) ?? []));
  }

  /** It is not wanted any more, or has ended. `unused`: nobody has spent anything of it. */
  end(number: number, unused: boolean): void {
    const claim = this.#claims.get(number);
    if (claim === undefined) return;
    this.#claims.delete(number);
    this.#units.delete(number);
    end(claim, unused);
  }

  /** There is no run any more that could say who needs what. */
  forsake(): void {
    this.close();
    for (const number of this.#claims.keys()) this.end(number, false);
  }

  /** The run is over: what still waits is not wanted any more. */
  close(): void {
    for (const [number, { state }] of this.#claims) if (state !== "held") this.end(number, true);
  }

  /**
   * What the attempt that holds this claim, or none, has spent of a rate limit, in place of what it said before, or asked
   * for. `of` stands for the attempt. Throws when the run has no such rate limit.
   */
  spent(of: object, number: number | undefined, resource: string, amount: number): void {
    const at = this.#names.indexOf(resource);
    const stock = this.#stocks[at];
    if (stock?.supply.spends !== true) throw noRate(resource, this.#rates);
    const claim = number === undefined ? undefined : this.#claims.get(number);
    const units = this.#units.get(number ?? -1);
    const told = this.#told.get(of) ?? this.#stocks.map((_, at) => units?.[at] ?? 0);
    const before = told[at] as number;
    told[at] = amount;
    this.#told.set(of, told);
    if (claim?.places.some((place) => place.stock === stock) !== true) {
      debit(stock, this.#time, amount - before);
      return;
    }
    // Two names may stand for one thing.
    const sum = told.reduce((all, one, at) => (this.#stocks[at] === stock ? all + one : all), 0);
    correct(claim, stock, sum);
  }

  /**
   * Nobody is given anything of a shared resource for so long. Whether it is one, and the attempt that holds this claim
   * has asked for some of it.
   */
  pause(number: number | undefined, resource: string, ms: number): boolean {
    const stock = this.#stocks[this.#names.indexOf(resource)];
    if (stock === undefined) return false;
    const claim = number === undefined ? undefined : this.#claims.get(number);
    const own = claim?.places.some((place) => place.stock === stock) === true;
    pause(stock, this.#clock, ms);
    return own;
  }

  get #rates(): string[] {
    return this.#names.filter((_, at) => this.#stocks[at]?.supply.spends);
  }

  /** What it takes of each thing that is there once, under whatever names. */
  #demand(units: readonly number[]): Map<Stock, number> {
    const demand = new Map<Stock, number>();
    if (this.#permits !== undefined) demand.set(this.#permits, 1);
    units.forEach((amount, at) => {
      const stock = this.#stocks[at] as Stock;
      if (amount > 0) demand.set(stock, (demand.get(stock) ?? 0) + amount);
    });
    return demand;
  }

  #granted(number: number, { lacked }: Claim): void {
    const at = lacked === undefined ? -1 : this.#stocks.indexOf(lacked);
    this.#host.answer({
      type: "permit",
      claim: number,
      at: this.#host.now(),
      units: this.#units.get(number) as readonly number[],
      ...(at === -1 ? {} : { lacked: at }),
    });
  }

  /** What one name asks for may be there, and not what two of them ask for together: the first is told. */
  #denied(number: number, by: Stock, left: number): void {
    const at = this.#stocks.indexOf(by);
    const units = this.#units.get(number) as readonly number[];
    const needed = this.#demand(units).get(by) as number;
    const error = frameless(new BudgetExhaustedError(this.#names[at] as string, needed, left));
    this.#claims.delete(number);
    this.#units.delete(number);
    this.#host.answer({ type: "denied", claim: number, units, at: this.#host.now(), error });
  }
}
