/**
 * Many random runs, each held against every promise; what fails is shrunk to the smallest run that still does. Nothing
 * may escape to the process meanwhile.
 */
import fc from "fast-check";
import { everyPromise } from "./every-promise.ts";
import { randomRun } from "./random-graph.ts";

/** Rejects with the smallest run that breaks a promise, and the seed that leads to it. */
export async function randomRuns(cases: number, seed: number): Promise<void> {
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
  const property = fc.asyncProperty(randomRun, async (spec) => {
    escaped.length = 0;
    await everyPromise(spec);
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
