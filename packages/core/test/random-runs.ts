/**
 * Many random runs, each held against every promise; what fails is shrunk to the smallest run that still does. Nothing
 * may escape to the process meanwhile.
 */
import fc from "fast-check";
import { everyCache } from "./every-cache.ts";
import { everyLife } from "./every-life.ts";
import { everyNest } from "./every-nest.ts";
import { everyPromise } from "./every-promise.ts";
import { cachesRun } from "./random-caches.ts";
import { randomChain } from "./random-chain.ts";
import { randomRun } from "./random-graph.ts";
import { nestRun } from "./random-nest.ts";

/** Rejects with the smallest run that breaks a promise, and the seed that leads to it. */
export function randomRuns(cases: number, seed: number): Promise<void> {
  return held(randomRun, everyPromise, cases, seed);
}

/** Likewise with the smallest chain of runs that take each other up. */
export function randomChains(cases: number, seed: number): Promise<void> {
  return held(randomChain, everyLife, cases, seed);
}

/** Likewise with the smallest run of flows in flows. */
export function randomNests(cases: number, seed: number): Promise<void> {
  return held(nestRun, everyNest, cases, seed);
}

/** Likewise with the fewest runs that share a cache. */
export function randomCaches(cases: number, seed: number): Promise<void> {
  return held(cachesRun, everyCache, cases, seed);
}

async function held<T>(
  any: fc.Arbitrary<T>,
  promises: (spec: T) => Promise<void>,
  cases: number,
  seed: number,
): Promise<void> {
  const escaped: unknown[] = [];
  const note = (what: unknown): void => {
    escaped.push(what);
  };
  const listeners = process.listeners("unhandledRejection");
  const { stackTraceLimit } = Error;
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
  process.on("warning", note);
  // A run makes dozens of errors, and reading a stack takes longer than the run.
  Error.stackTraceLimit = 0;
  const property = fc.asyncProperty(any, async (spec) => {
    escaped.length = 0;
    await promises(spec);
    if (escaped.length > 0) throw new Error(`nothing escapes: ${escaped.map(String).join(", ")}`);
  });
  try {
    await fc.assert(property, { numRuns: cases, seed });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    process.off("warning", note);
    process.off("unhandledRejection", note);
    for (const listener of listeners) process.on("unhandledRejection", listener);
  }
}
