/**
 * How long a run would have taken had something been otherwise: `whatIf()`. The run machine itself is driven through what
 * the report says that each task did. Knows no format.
 */
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import type { ExecutionReport } from "../report/execution-report.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import { type Change, checkChange } from "./changes.ts";
import { type Knee, kneeOf } from "./knee.ts";
import { type Prediction, played, predicted, thousandths } from "./prediction.ts";
import { readableReport } from "./readable-report.ts";
import { recalled } from "./recalled.ts";
import { attemptsOf, type SimulatedAttempt } from "./simulated-attempt.ts";

export interface ChangedPrediction extends Prediction {
  readonly change: Change;
  /** Less than the run simulated unchanged; below 0 when it would have taken longer. */
  readonly savedMs: number;
}

export interface WhatIf {
  /**
   * The run simulated unchanged, and how far that is from what was measured: the error bar of every other figure.
   * `errorMs` is not below 0.
   */
  readonly asRun: Prediction & { readonly measuredMs: number; readonly errorMs: number };
  /** In the order asked. */
  readonly changes: readonly ChangedPrediction[];
  /** The makespan by slots; simulated when it is first asked for. */
  readonly knee: Knee;
  /**
   * One more change of the same run, with the attempts that it would have had, in the order of their starts; `{}` is the run
   * simulated unchanged. What the report says is not read again: for whoever asks often, as a slider does.
   *
   * Throws `DefinitionError` as `whatIf()` does.
   */
  ask(change: Change): ChangedPrediction & { readonly attempts: readonly SimulatedAttempt[] };
}

/**
 * What a run would have taken with other numbers: more slots, more of a resource, its longest path first, faster tasks. The
 * run machine is driven through what happened: durations of attempts, failures, back-offs, the lists of maps, what was held,
 * priorities, limits, rates. Several keys of one change apply together.
 *
 * What it cannot know: whether tasks slow each other down when more of them run at once. Where the processor was full, more
 * slots help less than it says. Permits that other runs held are not simulated.
 *
 * Throws `DefinitionError` for what is no report, for a run that ended before its tasks did, and for changes that are not
 * what they may be or name what the run did not have.
 *
 * @example
 * ```ts
 * import { flow, task } from "@astrum/core";
 * import { VirtualClock } from "@astrum/core/testing";
 * import { whatIf } from "@astrum/core/whatif";
 *
 * const clock = new VirtualClock();
 * const parts = ["a", "b", "c"].map((name) => task(name, () => clock.wait(1000)));
 * const all = flow("build", Object.fromEntries(parts.map((part) => [part.name, part])));
 * const report = await clock.run(all.run({ clock, concurrency: 1 }));
 *
 * const study = whatIf(report, [{ concurrency: 3 }]);
 * console.log(study.changes[0]?.makespanMs); // 1000
 * console.log(study.knee.slots); // 3
 * ```
 */
export function whatIf(
  report: ExecutionReport<unknown> | SerializedReport,
  changes: readonly Change[] = [],
): WhatIf {
  const issues = new Issues();
  const readable = readableReport(issues, report);
  issues.throwAs(DefinitionError);
  const run = recalled(readable as SerializedReport);
  const rows = (readable as SerializedReport).taskStatistics.length;
  if (!Array.isArray(changes)) issues.expected(["changes"], "an array of changes", changes);
  else {
    // `Array.from` shows the holes.
    Array.from(changes).forEach((change: unknown, at) => {
      checkChange(issues, [`changes[${at}]`], change, run);
    });
  }
  issues.throwAs(DefinitionError);
  const unchanged = predicted(run, {});
  const asRun = {
    ...unchanged,
    measuredMs: run.makespanMs,
    errorMs: thousandths(Math.abs(unchanged.makespanMs - run.makespanMs)),
  };
  const answer = (change: Change, prediction: Prediction): ChangedPrediction => {
    const savedMs = thousandths(unchanged.makespanMs - prediction.makespanMs);
    return { change, ...prediction, savedMs };
  };
  const answers = changes.map((change) => answer(change, predicted(run, change)));
  let knee: Knee | undefined;
  return {
    asRun,
    changes: answers,
    get knee() {
      knee ??= kneeOf(rows, (concurrency) => predicted(run, { concurrency }));
      return knee;
    },
    ask(change) {
      const asked = new Issues();
      checkChange(asked, ["change"], change, run);
      asked.throwAs(DefinitionError);
      const { prediction, machine } = played(run, change);
      return { ...answer(change, prediction), attempts: attemptsOf(machine) };
    },
  };
}
