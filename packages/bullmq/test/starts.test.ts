import { expect, it } from "vitest";
import { Starts } from "../src/scheduler/starts.ts";

it("starts are those of all jobs of an attempt, as far as each was seen", () => {
  const starts = new Starts();
  starts.seen(2);
  starts.seen(1);
  starts.again(1, true);
  expect([starts.endedByWorker(1), starts.endedByStore(3)]).toEqual([3, 5]);
});

it("starts that only events told count when the store has lost the job, unless they were taken back", () => {
  const starts = new Starts();
  for (let told = 0; told < 3; told++) starts.heard();
  starts.takenBack();
  starts.again(0, false);
  expect(starts.endedByWorker(1)).toBe(3);
  const kept = new Starts();
  for (let told = 0; told < 3; told++) kept.heard();
  kept.again(1, true);
  expect([kept.endedByWorker(1), kept.endedByStore(1)]).toEqual([3, 2]);
});
