/**
 * Units that are spent, and come back with time: a token bucket, computed as GCRA (the generic cell rate algorithm). Time is
 * an argument. Knows no run.
 */
import type { Clock } from "../contract/clock.ts";
import { type Brand, brand } from "../ground/brand.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import { Grants } from "./grants.ts";
import { keepShared, stockOf } from "./shared.ts";
import { Stock, type Supply } from "./stock.ts";

/** Instants are sums of fractions: a millionth of a unit too few is none. */
const SLACK = 1e-6;

/** What a rate limit is made of. */
export interface RateLimitOptions {
  /** Units that come back each `perMs`. */
  readonly limit: number;
  /** Milliseconds, of which `Infinity` means that nothing comes back: a budget. */
  readonly perMs: number;
  /** Units that may be spent at once. Default `limit`, and always for a budget. */
  readonly burst?: number | undefined;
}

/** The bucket. Time is counted in units: those that have come back since the first was spent. */
export class Bucket implements Supply {
  readonly spends = true;
  readonly ends: boolean;
  readonly #perUnitMs: number;
  readonly #burst: number;
  /** The clock whose instants these are: that of the first run that asked. */
  clock: Clock | undefined;
  #origin: number | undefined;
  /** When the bucket is full again. */
  #fullAt = 0;

  constructor({ limit, perMs, burst = limit }: RateLimitOptions) {
    this.ends = perMs === Number.POSITIVE_INFINITY;
    this.#perUnitMs = perMs / limit;
    this.#burst = burst;
  }

  lacks(units: number, now: number): boolean {
    return this.#short(units, now) > SLACK;
  }

  take(units: number, now: number): void {
    this.#fullAt = Math.max(this.#fullAt, this.#at(now)) + units;
  }

  give(units: number, now: number, mark: number): void {
    const back = Math.max(0, Math.min(mark, this.#fullAt) - this.#at(now));
    this.#fullAt -= Math.min(units, back);
  }

  get mark(): number {
    return this.#fullAt;
  }

  waitMs(units: number, now: number): number {
    const short = this.#short(units, now);
    return short > SLACK ? short * this.#perUnitMs : 0;
  }

  /** Units that are there now; fewer than none is a debt. */
  left(now: number): number {
    return this.#burst - Math.max(0, this.#fullAt - this.#at(now));
  }

  #short(units: number, now: number): number {
    return units - this.left(now);
  }

  #at(now: number): number {
    this.#origin ??= now;
    return Math.max(0, (now - this.#origin) / this.#perUnitMs);
  }
}

/**
 * A rate at which tasks may spend units of a resource: at most `burst` at once, refilled by `limit` each `perMs`, so that
 * no window of `perMs` sees more than `limit + burst` of them; `burst: 1` spaces them evenly. Given as one of the
 * `resources` of a run; hand the same one to several runs. A task that waits for it is queued and holds nothing.
 *
 * With `perMs: Infinity` it is a budget: a task that can never be served fails with a `BudgetExhaustedError`.
 *
 * All runs that are given one must be on one clock.
 *
 * @example
 * ```ts
 * import { flow, RateLimit, task } from "@astrum/core";
 *
 * const llm = new RateLimit({ limit: 50, perMs: 60_000 });
 * const answer = task("answer", () => "42", { resources: { llm: 1 } });
 * const done = await flow("ask", { answer }).run({ resources: { llm } });
 * console.log(done.unwrap().answer); // 42
 * ```
 */
export class RateLimit {
  readonly limit: number;
  readonly perMs: number;
  readonly burst: number;

  /** Throws `DefinitionError` unless all are numbers above 0, of which only `perMs` may be infinite. */
  constructor(options: RateLimitOptions) {
    const issues = new Issues();
    const given = issues.record([], options ?? null, ["limit", "perMs", "burst"]);
    if (given !== undefined) {
      const { limit, perMs, burst } = given;
      if (!isAmount(limit)) issues.expected(["limit"], "a number above 0", limit);
      if (!isAmount(perMs) && perMs !== Number.POSITIVE_INFINITY) {
        issues.expected(["perMs"], "a number of milliseconds above 0, or Infinity", perMs);
      }
      if (burst !== undefined && !isAmount(burst)) {
        issues.expected(["burst"], "a number above 0", burst);
      } else if (burst !== undefined && burst !== limit && perMs === Number.POSITIVE_INFINITY) {
        issues.add(
          "invalid-option",
          "`burst` means nothing where `perMs` is Infinity: all of `limit` is there at once",
          ["burst"],
        );
      }
    }
    issues.throwAs(DefinitionError);
    this.limit = options.limit;
    this.perMs = options.perMs;
    this.burst = options.burst ?? options.limit;
    keepShared(this, { stock: new Stock(new Bucket(options)), grants: Grants });
  }

  get "~astrum"(): Brand {
    return brand("rate limit", "a RateLimit");
  }
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY;
}

/** What counts for a rate limit. */
export function bucketOf(rate: RateLimit): Bucket {
  return stockOf(rate).supply as Bucket;
}
