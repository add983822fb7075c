/** Whether a run is worse than the one before it: in a word, in a sentence, as an exit code. Reads two reports. */
import type { SerializedReport } from "@astrum/core";
import { duration } from "../wording/duration.ts";
import { visibleName } from "../wording/visible.ts";
import type { PathChange } from "./path-change.ts";

export interface ComparisonVerdict {
  /**
   * `broken`: it did not complete, and the one before did. `slower` and `faster` reach both thresholds. `unknown`: one of
   * them did not complete, so their times are not those of the same work.
   */
  readonly is: "broken" | "slower" | "faster" | "same" | "unknown";
  /** The same for people. */
  readonly sentence: string;
  /** 1 for what is broken or slower, 0 otherwise: for `process.exitCode`. */
  readonly exitCode: 0 | 1;
}

/** `noise`: a change of the makespan of less counts as none. */
export function verdictOn(
  before: SerializedReport,
  after: SerializedReport,
  makespan: { readonly beforeMs: number; readonly afterMs: number; readonly changeMs: number },
  noiseMs: number,
  path: readonly PathChange[],
): ComparisonVerdict {
  const [earlier, now] = [before.executionState, after.executionState];
  if (now !== "completed") {
    const broken = earlier === "completed";
    const sentence = broken
      ? `Broken: it ${stateText(now)}, and the run before it completed.`
      : `It ${stateText(now)}, and the run before it did not complete either: their times are not compared.`;
    return { is: broken ? "broken" : "unknown", sentence, exitCode: broken ? 1 : 0 };
  }
  if (earlier !== "completed") {
    const sentence = `It completed in ${duration(makespan.afterMs)}; the run before it ${stateText(earlier)}, so their times are not compared.`;
    return { is: "unknown", sentence, exitCode: 0 };
  }
  const { beforeMs, afterMs, changeMs } = makespan;
  const took = `${duration(afterMs)} instead of ${duration(beforeMs)}`;
  if (changeMs === 0 || Math.abs(changeMs) < noiseMs) {
    return { is: "same", sentence: `As fast as before: ${took}.`, exitCode: 0 };
  }
  const slower = changeMs > 0;
  const most = path.find((part) => part.changeMs > 0 === slower);
  const mostly =
    most === undefined ? "" : ` Most of it: ${partText(most)}, ${changeText(most.changeMs)}.`;
  const share = beforeMs === 0 ? "" : `, ${Math.round((100 * Math.abs(changeMs)) / beforeMs)} %`;
  return {
    is: slower ? "slower" : "faster",
    sentence: `${slower ? "Slower" : "Faster"}: ${took}, ${changeText(changeMs)}${share}.${mostly}`,
    exitCode: slower ? 1 : 0,
  };
}

function stateText(state: SerializedReport["executionState"]): string {
  return state === "failed" ? "failed" : `was ${state}`;
}

/** A part of the path as text: the task, or what was waited for. */
export function partText({ task, what }: PathChange): string {
  return task === undefined ? what : visibleName(task);
}

/** `+856 ms`. */
export function changeText(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${duration(Math.abs(ms))}`;
}
