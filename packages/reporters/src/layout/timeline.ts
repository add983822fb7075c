/**
 * Which attempt ran when, and on which lane: the picture behind every timeline. A lane is a concurrency slot as the run
 * recorded it; attempts without one, and foreign reports whose slots overlap, get the lowest free lane above those.
 * Instants are whole microseconds. An attempt is at least one microsecond long and starts after the one before it on its
 * lane and after its dependencies, so that nested and linked slices stay well-formed. Knows nothing of how it is drawn.
 */
import type { AttemptStatistics, SerializedReport, TaskStatistics } from "@astrum/core";
import { microseconds } from "../wording/microseconds.ts";
import { Nesting } from "../wording/nesting.ts";
import { Lanes } from "./lanes.ts";

export interface TimelineBar {
  readonly task: TaskStatistics;
  readonly attempt: AttemptStatistics;
  readonly lane: number;
  readonly startUs: number;
  readonly endUs: number;
}

export interface Timeline {
  readonly bars: readonly TimelineBar[];
  readonly laneCount: number;
  readonly endUs: number;
}

export function timeline(report: SerializedReport): Timeline {
  const attempts = attemptsInOrder(report);
  const lanes = new Lanes(attempts.map(({ attempt }) => attempt.slot));
  const nesting = Nesting.of(report);
  const settledUs = new Map<string, number>();
  const bars: TimelineBar[] = [];
  let endUs = microseconds(report.totalDurationMs);
  for (const { task, place, attempt, startUs, endUs: recordedEndUs } of attempts) {
    const lane = lanes.take(attempt.slot, startUs, recordedEndUs);
    let from = Math.max(startUs, lanes.drawnUntil(lane), settledUs.get(task.taskName) ?? 0);
    for (const { task: name } of task.dependencies) {
      from = Math.max(from, settledUs.get(name) ?? 0);
    }
    const until = Math.max(from + 1, recordedEndUs);
    lanes.draw(lane, until);
    settledUs.set(task.taskName, until);
    // What waits for a map or a flow waits for what is inside of it.
    const around = task.kind === "tail" ? -1 : nesting.parentOf(place);
    for (let at = around; at !== -1; at = nesting.parentOf(at)) {
      const { taskName } = report.taskStatistics[at] as TaskStatistics;
      if ((settledUs.get(taskName) ?? 0) >= until) break;
      settledUs.set(taskName, until);
    }
    endUs = Math.max(endUs, until);
    bars.push({ task, attempt, lane, startUs: from, endUs: until });
  }
  return { bars, laneCount: lanes.count, endUs };
}

interface Interval {
  readonly task: TaskStatistics;
  readonly place: number;
  readonly attempt: AttemptStatistics;
  readonly startUs: number;
  readonly endUs: number;
}

function attemptsInOrder(report: SerializedReport): Interval[] {
  const intervals: Interval[] = [];
  for (const [place, task] of report.taskStatistics.entries()) {
    // A map holds no slot: its items do the work.
    if (task.kind === "map") continue;
    for (const attempt of task.attemptStatistics) {
      const startUs = microseconds(attempt.startAt);
      const endUs = Math.max(startUs, microseconds(attempt.endAt ?? report.totalDurationMs));
      intervals.push({ task, place, attempt, startUs, endUs });
    }
  }
  // The sort is stable: attempts of one instant stay in plan order, dependencies first.
  return intervals.sort((a, b) => a.startUs - b.startUs);
}
