/**
 * How often those who wait for shared things are looked at, counted: so many claims cost so many times one, not so many
 * times all that wait.
 */
import { describe, expect, it } from "vitest";
import { ask, end } from "../../src/drive/sharing.ts";
import { Claim, Stock, type Supply, type Time } from "../../src/drive/stock.ts";

/** Units that are held, of which it counts who looks whether some are there. */
class Counted implements Supply {
  readonly spends = false;
  readonly ends = false;
  readonly mark = 0;
  looks = 0;
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  lacks(units: number): boolean {
    this.looks++;
    return units > this.#left;
  }

  left(): number {
    return this.#left;
  }

  take(units: number): void {
    this.#left -= units;
  }

  give(units: number): void {
    this.#left += units;
  }

  waitMs(units: number): number {
    return this.lacks(units) ? Number.POSITIVE_INFINITY : 0;
  }
}

const time: Time = { now: () => 0, after: () => () => {} };

/** What the claim with this number needs of each of two things, of which there are so many. */
interface Crowd {
  readonly limits: readonly [number, number];
  needs(at: number): readonly [number, number];
}

/** How often anything is looked at while so many claims come, wait and are served, each for the next one's sake. */
function looks(count: number, { limits, needs }: Crowd): number {
  const supplies = limits.map((limit) => new Counted(limit));
  const stocks = supplies.map((supply) => new Stock(supply));
  const held: Claim[] = [];
  for (let at = 0; at < count; at++) {
    const demand = new Map<Stock, number>();
    needs(at).forEach((units, of) => {
      if (units > 0) demand.set(stocks[of] as Stock, units);
    });
    const claim: Claim = new Claim(
      time,
      demand,
      () => held.push(claim),
      () => {},
    );
    ask(claim);
  }
  let served = 0;
  for (let claim = held.shift(); claim !== undefined; claim = held.shift()) {
    served++;
    end(claim, false);
  }
  expect(served).toBe(count);
  return supplies.reduce((sum, supply) => sum + supply.looks, 0);
}

const crowds: Readonly<Record<string, Crowd>> = {
  "one of two things, of which the other is there for all": {
    limits: [2, 10_000],
    needs: () => [1, 1],
  },
  "two things, of which there is as much": { limits: [2, 2], needs: () => [1, 1] },
  "one of two things, and each another amount of the other": {
    limits: [2, 10_000_000],
    needs: (at) => [1, 1 + ((at * 7919) % 5000)],
  },
  "amounts of two things that are larger and smaller": {
    limits: [5, 7],
    needs: (at) => [1 + (at % 5), 1 + (at % 7)],
  },
  "two things, among others who need one of them only": {
    limits: [2, 10_000],
    needs: (at) => [[1, 1] as const, [0, 1] as const, [1, 0] as const][at % 3] ?? [1, 1],
  },
};

describe("Thousands who share", () => {
  for (const [name, crowd] of Object.entries(crowds)) {
    it(`${name}, are looked at as often each as hundreds`, () => {
      const each = looks(500, crowd) / 500;
      expect(looks(4000, crowd) / 4000).toBeLessThan(each + 1);
      expect(each).toBeLessThan(50);
    });
  }
});
