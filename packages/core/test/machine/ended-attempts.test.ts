/** What the end of an attempt makes of its task, by what was asked of it before: the events are pushed by hand. */
import { describe, expect, it } from "vitest";
import type { GraphPlan } from "../../src/define/plan.ts";
import { flow, task } from "../../src/index.ts";
import type { MachineEvent } from "../../src/machine/event.ts";
import { Run } from "../../src/machine/run.ts";
import { STATUSES } from "../../src/machine/states.ts";

const stop = { type: "stop", at: 1, cause: { kind: "aborted", reason: "no" } } as const;
const expired = { type: "expired", at: 1, task: 0, limitMs: 1 } as const;
const overdue = { ...expired, scope: "task" } as const;

/** What is asked of the attempt, in this order. */
const asked: Readonly<Record<string, readonly MachineEvent[]>> = {
  "was asked nothing": [],
  "ran over its own limit": [expired],
  "was stopped": [stop],
  "ran past its deadline": [overdue],
  "ran over its own limit and past its deadline": [expired, overdue],
  "ran past its deadline and was stopped then": [overdue, stop],
  "ran over its own limit and was stopped then": [expired, stop],
  "was stopped and ran over its own limit then": [stop, expired],
};

const error = new Error("its own");
const ends = {
  returns: { type: "returned", at: 2, task: 0, value: 1 },
  throws: { type: "threw", at: 2, task: 0, error },
  "throws, and could go again": { type: "threw", at: 2, task: 0, error, retryMs: 0 },
  "is given up": { type: "abandon", at: 2, task: 0, error, overrunMs: 1 },
} as const;

function running(): Run {
  const plan = flow("f", { only: task("only", () => {}, { retry: 1 }) }).plan();
  const run = new Run(plan as GraphPlan);
  run.handle({ type: "begin", at: 0 });
  return run;
}

const ENDS = [
  ["was asked nothing", "returns", "completed", "completed"],
  ["was asked nothing", "throws", "failed", "failed"],
  ["was asked nothing", "throws, and could go again", "running", undefined],
  ["was asked nothing", "is given up", "running", undefined],
  ["ran over its own limit", "returns", "failed", "failed"],
  ["ran over its own limit", "throws", "failed", "failed"],
  ["ran over its own limit", "throws, and could go again", "running", undefined],
  ["ran over its own limit", "is given up", "abandoned", "failed"],
  ["ran past its deadline", "returns", "failed", "failed"],
  ["ran past its deadline", "throws", "failed", "failed"],
  ["ran past its deadline", "throws, and could go again", "failed", "failed"],
  ["ran past its deadline", "is given up", "abandoned", "failed"],
  [
    "ran over its own limit and past its deadline",
    "throws, and could go again",
    "failed",
    "failed",
  ],
  ["ran past its deadline and was stopped then", "returns", "cancelled", "cancelled"],
  ["was stopped", "returns", "cancelled", "cancelled"],
  ["was stopped", "throws", "cancelled", "cancelled"],
  ["was stopped", "throws, and could go again", "cancelled", "cancelled"],
  ["was stopped", "is given up", "abandoned", "cancelled"],
  ["ran over its own limit and was stopped then", "returns", "cancelled", "cancelled"],
  ["ran over its own limit and was stopped then", "is given up", "abandoned", "cancelled"],
  ["was stopped and ran over its own limit then", "returns", "cancelled", "cancelled"],
  ["was stopped and ran over its own limit then", "is given up", "abandoned", "cancelled"],
] as const;

describe("The task of an attempt", () => {
  it.each(ENDS)("that %s and then %s is %s, and the run %s", (before, end, status, state) => {
    const run = running();
    for (const event of asked[before] as readonly MachineEvent[]) run.handle(event);
    // What the driver is told beforehand is what happens.
    expect(run.mayComplete(0)).toBe(before === "was asked nothing");
    expect(run.isExpired(0)).toBe(before.startsWith("ran") && !before.includes("stopped"));
    run.handle(ends[end]);
    expect(STATUSES[run.ledger.status[0] as number]).toBe(status);
    expect(run.state).toBe(state);
  });
});
