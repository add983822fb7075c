/** What the exit code of the program says. */
import type { SerializedReport } from "@astrum/core";
import type { Verdict } from "./verdict.ts";

export const exit = { passed: 0, failed: 1, incomplete: 2, usage: 64, interrupted: 130 } as const;

/** Of an audit, as it ends and when it is told again. */
export function exitCodeOf(
  executionState: SerializedReport["executionState"],
  { state }: Verdict,
): number {
  if (executionState === "cancelled") return exit.interrupted;
  return executionState === "completed" ? exit[state] : exit.incomplete;
}
