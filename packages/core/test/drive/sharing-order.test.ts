/**
 * Any claims on three things that are shared are granted as the page says, which is gone through here claim by claim: in
 * their order, nothing that one before keeps, and after 64 that passed one nothing that it needs.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stockOf } from "../../src/drive/shared.ts";
import { arrange, ask, change, end } from "../../src/drive/sharing.ts";
import { Claim, type Time } from "../../src/drive/stock.ts";
import { Semaphore } from "../../src/index.ts";

const CASES = 300;
const LIMITS = [2, 4, 7] as const;
const time: Time = { now: () => 0, after: () => () => {} };

interface Waiting {
  readonly claim: number;
  readonly units: readonly number[];
  passed: number;
}

/** The rule, as the page has it. */
class Rule {
  readonly #left: number[] = [...LIMITS];
  readonly #held: Map<number, readonly number[]> = new Map();
  #waiting: Waiting[] = [];

  ask(claim: number, units: readonly number[]): number[] {
    this.#waiting.push({ claim, units, passed: 0 });
    return this.#serve();
  }

  end(claim: number): number[] {
    this.#waiting = this.#waiting.filter((one) => one.claim !== claim);
    this.#held.get(claim)?.forEach((units, of) => {
      this.#left[of] = (this.#left[of] as number) + units;
    });
    this.#held.delete(claim);
    return this.#serve();
  }

  #serve(): number[] {
    const granted: number[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { claim, units } = next;
      const at = this.#waiting.indexOf(next);
      for (const one of this.#waiting.slice(0, at)) {
        if (one.units.some((amount, of) => amount > 0 && (units[of] as number) > 0)) one.passed++;
      }
      this.#waiting.splice(at, 1);
      units.forEach((amount, of) => {
        this.#left[of] = (this.#left[of] as number) - amount;
      });
      this.#held.set(claim, units);
      granted.push(claim);
    }
    return granted.sort((a, b) => a - b);
  }

  #next(): Waiting | undefined {
    return this.#waiting.find(({ units }, at) =>
      units.every((amount, of) => {
        if (amount === 0) return true;
        const before = this.#waiting.slice(0, at).filter((one) => (one.units[of] as number) > 0);
        const lacks = (wanted: number) => wanted > (this.#left[of] as number);
        return (
          !lacks(amount) &&
          !before.some((one) => one.passed >= 64 || lacks(one.units[of] as number))
        );
      }),
    );
  }
}

const someUnits = fc
  .tuple(...LIMITS.map((limit) => fc.oneof(fc.constant(0), fc.integer({ min: 1, max: limit }))))
  .filter((units) => units.some((amount) => amount > 0));
const someStep = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ask: someUnits }) },
  { weight: 2, arbitrary: fc.record({ end: fc.nat(1000) }) },
);

/** Claims on three semaphores, by number. */
class Claims {
  readonly all: Claim[] = [];
  readonly held: number[] = [];
  readonly #stocks = LIMITS.map((limit) => stockOf(new Semaphore(limit)));

  ask(...units: readonly number[]): Claim {
    const number = this.all.length;
    const granted = (): void => {
      this.held.push(number);
    };
    const claim = new Claim(time, this.#demand(units), granted, () => {});
    this.all.push(claim);
    ask(claim);
    return claim;
  }

  change(claim: Claim, ...units: readonly number[]): void {
    change(claim, this.#demand(units));
  }

  #demand(units: readonly number[]) {
    return new Map(
      this.#stocks
        .map((stock, of) => [stock, units[of] ?? 0] as const)
        .filter(([, amount]) => amount > 0),
    );
  }
}

const isHeld = ({ state }: Claim): boolean => state === "held";

describe("Claims on three things", () => {
  it(`are granted as a walk past all who wait would (${CASES} random cases)`, () => {
    const steps = fc.array(someStep, { minLength: 1, maxLength: 250, size: "max" });
    fc.assert(
      fc.property(steps, (given) => {
        const claims = new Claims();
        const rule = new Rule();
        for (const step of given) {
          const before = claims.held.length;
          let expected: number[] = [];
          if ("ask" in step) {
            claims.ask(...step.ask);
            expected = rule.ask(claims.all.length - 1, step.ask);
          } else if (claims.all.length > 0) {
            const claim = step.end % claims.all.length;
            if ((claims.all[claim] as Claim).state === "over") continue;
            end(claims.all[claim] as Claim, false);
            expected = rule.end(claim);
          }
          expect(claims.held.slice(before).sort((a, b) => a - b)).toEqual(expected);
        }
      }),
      { numRuns: CASES, seed: 20_261_128 },
    );
  });

  /** One that waits for all of the first thing and one of the second is passed by so many who need the second only. */
  function passedBy(count: number) {
    const claims = new Claims();
    const holds = claims.ask(2);
    const waits = claims.ask(2, 1);
    for (let at = 0; at < count; at++) end(claims.ask(0, 1), false);
    return { claims, holds, waits };
  }
  it("are granted in their order when several things that they lack come back at once", () => {
    const claims = new Claims();
    const holds = claims.ask(1, 1);
    const first = claims.ask(0, 4);
    const later = claims.ask(1, 1);
    end(holds, false);
    expect([first, later].map(isHeld)).toEqual([true, false]);
  });

  it("are passed 64 times, and no more", () => {
    expect(isHeld(passedBy(63).claims.ask(0, 1))).toBe(true);
    expect(isHeld(passedBy(64).claims.ask(0, 1))).toBe(false);
  });

  it("that were passed stay so when they change what they need, or come earlier", () => {
    const changed = passedBy(64);
    changed.claims.change(changed.waits, 2, 2);
    expect(isHeld(changed.claims.ask(0, 1))).toBe(false);
    const moved = passedBy(64);
    const behind = moved.claims.ask(2, 0, 1);
    arrange([behind, moved.waits]);
    expect(isHeld(moved.claims.ask(0, 1))).toBe(false);
    end(moved.waits, true);
    expect(isHeld(moved.claims.ask(0, 1))).toBe(true);
  });

  it("are passed by no one any more when one that needs the same stands behind and was passed 64 times", () => {
    const { claims, waits } = passedBy(40);
    const behind = claims.ask(2, 1);
    for (let at = 0; at < 23; at++) end(claims.ask(0, 1), false);
    expect(isHeld(claims.ask(0, 1))).toBe(true);
    end(claims.all.at(-1) as Claim, false);
    expect(isHeld(claims.ask(0, 1))).toBe(false);
    end(waits, true);
    // 24 had passed the one behind.
    expect(claims.all.filter(isHeld)).toHaveLength(2);
    expect(behind.state).toBe("waiting");
  });

  /** How many who need one of the second thing are served one after the other, until that is kept. */
  function passes(claims: Claims): number {
    for (let count = 0; ; count++) {
      const claim = claims.ask(0, 1);
      const passed = isHeld(claim);
      end(claim, false);
      if (!passed) return count;
    }
  }

  it("are not passed by those who came before them", () => {
    const claims = new Claims();
    claims.ask(2);
    let held = claims.ask(0, 4);
    const waits = claims.ask(2, 1);
    const between = Array.from({ length: 40 }, () => claims.ask(0, 4));
    claims.ask(2, 1);
    for (const claim of between) {
      end(held, false);
      expect(isHeld(claim)).toBe(true);
      held = claim;
    }
    end(held, false);
    expect(passes(claims)).toBe(24);
    end(waits, true);
    expect(passes(claims)).toBe(40);
  });

  it("have been passed as often when one behind that needs the same is called off", () => {
    const { claims, waits } = passedBy(0);
    const behind = claims.ask(2, 1);
    for (let at = 0; at < 40; at++) end(claims.ask(0, 1), false);
    end(behind, true);
    claims.ask(2, 1);
    expect(passes(claims)).toBe(24);
    end(waits, true);
    expect(passes(claims)).toBe(40);
  });

  it("say what they lacked, also behind one that lacked it, when both are served at once", () => {
    const claims = new Claims();
    const holds = claims.ask(2);
    const behind = [claims.ask(1), claims.ask(1)];
    end(holds, false);
    expect(behind.map(isHeld)).toEqual([true, true]);
    expect(behind.map(({ lacked }) => lacked)).toEqual(
      [holds, holds].map(({ places }) => places[0]?.stock),
    );
  });
});
