/**
 * What one run has asked for, and been granted, of that which several runs share. It obeys the machine's commands about
 * claims and tells it the answers; who is served when is `sharing`'s to say.
 */
import { BudgetExhaustedError, frameless } from "../ground/errors.ts";
import type { MachineEvent } from "../machine/event.ts";
import type { Host } from "./host.ts";
import type { RunOptions } from "./options.ts";
import type { Bucket } from "./rate-limit.ts";
import { sharedResources, stocksOf } from "./resources.ts";
import { Semaphore } from "./semaphore.ts";
import { arrange, ask, change, end } from "./sharing.ts";
import { Claim, type Stock, stockOf, type Time } from "./stock.ts";

/** What it needs of the driver: to be told answers, in the run's own context. */
export interface GrantsHost extends Pick<Host, "now" | "after"> {
  answer(event: MachineEvent): void;
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
  readonly #time: Time;

  /** `epoch`: the instant of the clock that the run counts from. */
  constructor(host: GrantsHost, { concurrency, resources }: RunOptions, epoch: number) {
    this.#host = host;
    this.#permits = concurrency instanceof Semaphore ? stockOf(concurrency) : undefined;
    this.#stocks = stocksOf(resources);
    this.#names = Object.keys(sharedResources(resources));
    this.#time = {
      now: () => epoch + host.now(),
      after: (ms, fire) => host.after(ms, fire),
    };
  }

  /** Of a claim that waits already the amounts are changed. */
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
      (by) => this.#denied(number, by),
    );
    this.#claims.set(number, claim);
    this.#units.set(number, units);
    ask(claim);
  }

  arrange(numbers: readonly number[]): void {
    arrange(numbers.map((number) => this.#claims.get(number) as Claim));
  }

  /** It is not wanted any more, or has ended. `unused`: nobody has spent anything of it. */
  end(number: number, unused: boolean): void {
    const claim = this.#claims.get(number);
    if (claim === undefined) return;
    this.#claims.delete(number);
    this.#units.delete(number);
    end(claim, unused);
  }

  /** The run is over: what still waits is not wanted any more. */
  close(): void {
    for (const [number, { state }] of this.#claims) if (state !== "held") this.end(number, true);
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
  #denied(number: number, by: Stock): void {
    const at = this.#stocks.indexOf(by);
    const needed = this.#demand(this.#units.get(number) as readonly number[]).get(by) as number;
    const left = (by.supply as Bucket).left(this.#time.now());
    const error = frameless(new BudgetExhaustedError(this.#names[at] as string, needed, left));
    this.#claims.delete(number);
    this.#units.delete(number);
    this.#host.answer({ type: "denied", claim: number, at: this.#host.now(), error });
  }
}
