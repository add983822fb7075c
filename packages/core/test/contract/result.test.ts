import { expect, test } from "vitest";
import { runResult, type TaskOutcome, taskResult } from "../../src/index.ts";

const error = new Error("e");

test.each<[TaskOutcome, string]>([
  [{ status: "completed" }, "success"],
  [{ status: "restored" }, "restored"],
  [{ status: "failed", error, timedOut: false }, "failure"],
  [{ status: "failed", error, timedOut: true }, "timeout"],
  [{ status: "failed", error, timedOut: false, tolerated: true }, "failure"],
  [{ status: "abandoned", reason: error, timedOut: true }, "timeout"],
  [{ status: "abandoned", reason: error, timedOut: false }, "cancellation"],
  [{ status: "abandoned", reason: error, timedOut: false, lost: true }, "failure"],
  [{ status: "cancelled", reason: error }, "cancellation"],
  [
    { status: "skipped", reason: "why", because: "condition", cause: undefined, root: undefined },
    "skip",
  ],
  [{ status: "detached" }, "detached"],
])("%o is a %s", (outcome, result) => {
  expect(taskResult(outcome)).toBe(result);
});

test("a run timed out by its own limit only", () => {
  expect(runResult({ executionState: "completed", timedOut: false })).toBe("success");
  expect(runResult({ executionState: "cancelled", timedOut: false })).toBe("cancellation");
  expect(runResult({ executionState: "failed", timedOut: false })).toBe("failure");
  expect(runResult({ executionState: "failed", timedOut: true })).toBe("timeout");
});
