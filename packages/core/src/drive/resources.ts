/**
 * The resources of a run, by kind: amounts that are its own, and what it shares with other runs. Whether these are what they
 * must be, and enough for what tasks ask for. Counts nothing.
 */
import { type Anchor, type Clock, systemClock } from "../contract/clock.ts";
import { otherCopy } from "../ground/brand.ts";
import type { Issues } from "../ground/check.ts";
import { didYouMean, nearest } from "../ground/guess.ts";
import type { Grants, GrantsHost } from "./grants.ts";
import { bucketOf, type RateLimit } from "./rate-limit.ts";
import type { Semaphore } from "./semaphore.ts";
import { sharedBy } from "./shared.ts";

export type Resource = number | Semaphore | RateLimit;
export type Resources = Readonly<Record<string, Resource | undefined>>;

export function isSemaphore(value: unknown): value is Semaphore {
  return sharedBy(value)?.stock.supply.spends === false;
}

function isRateLimit(value: unknown): value is RateLimit {
  return sharedBy(value)?.stock.supply.spends === true;
}

/** Those of the run alone. */
export function ownResources(resources: Resources = {}): Record<string, number> {
  const own = Object.entries(resources).filter(([, one]) => typeof one === "number");
  return Object.fromEntries(own as [string, number][]);
}

/** Those that it shares with other runs, and whether their units are held or spent. */
export function sharedResources(resources: Resources = {}): Record<string, "held" | "spent"> {
  const shared: [string, "held" | "spent"][] = [];
  for (const [name, one] of Object.entries(resources)) {
    const stock = sharedBy(one)?.stock;
    if (stock !== undefined) shared.push([name, stock.supply.spends ? "spent" : "held"]);
  }
  return Object.fromEntries(shared);
}

/** What the run asks for of those, and of the semaphore that its slots come from; nothing when it shares nothing. */
export function grantsOf(
  host: GrantsHost,
  { concurrency, resources = {} }: Capacity,
  anchor: Anchor,
): Grants | undefined {
  const permits = sharedBy(concurrency);
  const shared = Object.entries(resources).flatMap(([name, one]) => {
    const found = sharedBy(one);
    return found === undefined ? [] : [[name, found] as const];
  });
  const first = permits ?? shared[0]?.[1];
  if (first === undefined) return undefined;
  const stocks = new Map(shared.map(([name, { stock }]) => [name, stock]));
  return new first.grants(host, { permits: permits?.stock, stocks }, anchor);
}

/** What an attempt waited for, in the words of the report: in the order of the machine's codes. */
export function limitNames(resources: Resources = {}): string[] {
  const shared = Object.keys(sharedResources(resources));
  return [...Object.keys(ownResources(resources)), ...shared.map((name) => `resource:${name}`)];
}

/** A rate limit as the report says it: `perMs` of a budget is `null`. */
export interface WrittenRate {
  limit: number;
  perMs: number | null;
  burst: number;
}

/** How much there is of each, as the report says it: rate limits apart from what is held. */
export function writtenResources(given: Resources | undefined): {
  readonly resources: Record<string, number> | undefined;
  readonly rates: Record<string, WrittenRate> | undefined;
} {
  if (given === undefined) return { resources: undefined, rates: undefined };
  const resources: [string, number][] = [];
  const rates: [string, WrittenRate][] = [];
  for (const [name, one] of Object.entries(given)) {
    if (isRateLimit(one)) {
      const { limit, perMs, burst } = one;
      const rate = { limit, perMs: perMs === Number.POSITIVE_INFINITY ? null : perMs, burst };
      rates.push([name, rate]);
    } else if (one !== undefined) {
      resources.push([name, amountOfMost(one)]);
    }
  }
  // Entries and not keys that are set: a name may be `__proto__`.
  return {
    resources: Object.fromEntries(resources),
    rates: rates.length === 0 ? undefined : Object.fromEntries(rates),
  };
}

/** The clock of a run is from now on that of its rate limits. */
export function bindClock(resources: Resources = {}, clock: Clock = systemClock): void {
  for (const one of Object.values(resources)) {
    if (isRateLimit(one)) bucketOf(one).clock ??= clock;
  }
}

/** Collects what is wrong with one of them. */
export function checkResource(
  issues: Issues,
  name: string,
  given: unknown,
  clock: unknown = systemClock,
): void {
  const path = ["resources", name];
  if (given === undefined || isSemaphore(given)) return;
  if (isRateLimit(given)) {
    const own = bucketOf(given).clock;
    if (own === undefined || own === clock) return;
    const message = `\`resources.${name}\` has been given to a run on another clock: what was spent on one cannot be told on the other. Give every run the same \`clock\`, or make a RateLimit for each clock`;
    issues.add("mixed-clocks", message, path);
    return;
  }
  const foreign = otherCopy(given, "semaphore", "rate limit");
  if (foreign !== undefined) {
    issues.add("invalid-option", `\`resources.${name}\` is ${foreign}`, path);
  } else if (!Number.isSafeInteger(given) || (given as number) < 0) {
    issues.expected(path, "an integer from 0 up, a Semaphore or a RateLimit", given);
  }
}

/** What a run gives to its tasks. */
export interface Capacity {
  readonly resources?: Resources | undefined;
  readonly concurrency?: unknown;
}

/** Collects what a task asks for and the run does not have. How much a function will say is not known. */
export function checkDemands(
  issues: Issues,
  task: string,
  demands: Readonly<Record<string, unknown>>,
  run: Capacity,
): void {
  const { resources = {} } = run;
  const path = ["tasks", task, "resources"];
  const known: [string, number][] = [];
  for (const [resource, units] of Object.entries(demands)) {
    const isKnown = typeof units === "number";
    const had = Object.hasOwn(resources, resource) ? resources[resource] : undefined;
    if (had === undefined) {
      const guess = nearest(resource, Object.keys(resources));
      issues.add(
        "unknown-resource",
        `Task "${task}" needs ${isKnown ? `${units} of ` : ""}"${resource}", which the run does not have.${didYouMean(guess)} Give it with \`resources: { ${resource}: … }\``,
        [...path, resource],
        guess,
      );
    } else if (isKnown && units > amountOfMost(had)) {
      issues.add(
        "demand-above-capacity",
        `Task "${task}" needs ${units} of "${resource}", ${hasOnly(had)}`,
        [...path, resource],
      );
    } else if (isKnown) {
      known.push([resource, units]);
    }
  }
  const tooMuch = tooMuchTogether(known, run);
  if (tooMuch !== undefined) {
    issues.add("demand-above-capacity", `Task "${task}" ${tooMuch}`, path);
  }
}

/** Several names may stand for one thing: why an attempt can never have all of it, as the end of a sentence. */
export function tooMuchTogether(
  demands: Iterable<readonly [name: string, units: number]>,
  { resources = {}, concurrency }: Capacity,
): string | undefined {
  const wanted = new Map<Resource, { readonly names: string[]; units: number }>();
  if (isSemaphore(concurrency)) {
    wanted.set(concurrency, { names: ["concurrency"], units: 1 });
  }
  for (const [name, units] of demands) {
    const had = resources[name];
    if (typeof had !== "object" || units === 0) continue;
    const together = wanted.get(had) ?? { names: [], units: 0 };
    together.names.push(name);
    together.units += units;
    wanted.set(had, together);
  }
  for (const [had, { names, units }] of wanted) {
    if (units <= amountOfMost(had)) continue;
    return `needs ${units} of what "${names.join('" and "')}" stand for together, ${hasOnly(had)}`;
  }
  return undefined;
}

/** Why that is too much, as the end of a sentence. */
export function hasOnly(resource: Resource): string {
  if (!isRateLimit(resource)) return `but the run has only ${amountOfMost(resource)}`;
  const { burst, perMs } = resource;
  if (perMs === Number.POSITIVE_INFINITY) return `but the budget is ${burst}`;
  return `but at most ${burst} may be spent at once: raise its \`burst\``;
}

/** How much one attempt may ever take of it. */
export function amountOfMost(resource: Resource): number {
  if (isRateLimit(resource)) return resource.burst;
  return typeof resource === "number" ? resource : resource.limit;
}

/** Whether there are only whole units of it: of what is held; what is spent has fractions. */
export function isWholeUnits(resource: Resource): boolean {
  return !isRateLimit(resource);
}
