/** Why nobody can say what a run would have taken with other numbers, in one sentence. Simulates nothing more than that takes. */
import { DefinitionError, type SerializedReport } from "@astrum/core";
import { whatIf } from "@astrum/core/whatif";

/** Of a run of which there is no advice, or of one with nothing to change. */
export function notSimulated(report: SerializedReport): string {
  if (report.totalAttempts === 0)
    return "Nothing ran, so there is no run to try with other numbers.";
  if (report.formatVersion === "1.0")
    return "This report is of format version 1.0, which does not say what tasks held: the run cannot be tried with other numbers.";
  try {
    whatIf(report);
  } catch (error) {
    const early =
      error instanceof DefinitionError && error.issues.some(({ code }) => code === "ended-early");
    return early
      ? "The run ended before its tasks did, and nobody knows how long the rest would have taken: it cannot be tried with other numbers."
      : "This report does not say all that a simulation needs: the run cannot be tried with other numbers.";
  }
  return "There was a single attempt: other numbers would change nothing.";
}
