/** What is inside of a task, a map or a loop, in one line: how much, how it went, what failed first and what took longest. */
import type { SerializedReport, TaskStatistics, TaskStatus } from "@astrum/core";
import { count, plural } from "./counts.ts";
import { duration } from "./duration.ts";
import { ranMs } from "./ending.ts";
import { errorTitle } from "./error-text.ts";
import { labelOf } from "./label.ts";
import { errorOf, failsForInside, hasFailed, STATUSES } from "./outcome.ts";

/** `12 tasks inside: 11 completed, 1 failed; failed eu.load: Error: no; slowest eu.rank, 3.2 s`. Not yet safe to show. */
export function insideText(
  inside: readonly TaskStatistics[],
  report: SerializedReport,
  length?: number,
): string {
  const parts = [insideCounts(inside), failedText(inside, length), slowestText(inside, report)];
  return parts.filter((part) => part !== "").join("; ");
}

/** `12 tasks inside: 11 completed, 1 failed`. */
function insideCounts(inside: readonly TaskStatistics[]): string {
  const counts = new Map<TaskStatus, number>();
  for (const { status } of inside) counts.set(status, (counts.get(status) ?? 0) + 1);
  const told = STATUSES.flatMap((status) => {
    const number = counts.get(status);
    return number === undefined ? [] : [`${count(number)} ${status}`];
  });
  return `${plural(inside.length, "task")} inside: ${told.join(", ")}`;
}

/** Whoever failed only because of what is inside is told by that. */
function failedText(inside: readonly TaskStatistics[], length: number | undefined): string {
  const failed = inside.filter((task) => hasFailed(task) && !failsForInside(task));
  const [first] = failed.sort((a, b) => (a.endAt ?? Infinity) - (b.endAt ?? Infinity));
  if (first === undefined) return "";
  const error = errorOf(first);
  const why = error === undefined ? "" : `: ${errorTitle(error, length)}`;
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : "";
  return `failed ${labelOf(first)}${more}${why}`;
}

function slowestText(inside: readonly TaskStatistics[], report: SerializedReport): string {
  let slowest: TaskStatistics | undefined;
  let longest = 0;
  for (const task of inside) {
    const ms = ranMs(task, report);
    if (ms <= longest) continue;
    slowest = task;
    longest = ms;
  }
  return slowest === undefined ? "" : `slowest ${labelOf(slowest)}, ${duration(longest)}`;
}
