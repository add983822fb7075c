/**
 * What the page's script is given: the tasks and attempts of a report in columns, times in whole microseconds, names as they
 * are shown. Columns are a third of the size of rows and need no parsing into objects. The one contract between the page and
 * its script; knows neither HTML nor a browser.
 */
import type { AttemptStatistics, TaskStatistics } from "@astrum/core";
import type { StudyFacts } from "./study-facts.ts";

/** No task, no instant, no text. */
export const NONE = -1;

export const KINDS: readonly TaskStatistics["kind"][] = ["task", "map", "item", "tail"];
/** What has a flow inside of it, or one after another. */
export const FLOWS = ["none", "subflow", "loop"] as const;
export const DEPENDENCY_KINDS = ["value", "optional", "settled", "after"] as const;
export const ATTEMPT_STATUSES: readonly AttemptStatistics["status"][] = [
  "completed",
  "failed",
  "cancelled",
  "running",
  "abandoned",
];

/** Indexes of tasks are places in `tasks`, indexes of texts places in `texts`; `NONE` where there is nothing. */
export interface PageData {
  readonly title: string;
  /** Lanes of the timeline: the slots of the run, then what had none. */
  readonly lanes: number;
  readonly makespanUs: number;
  readonly endUs: number;
  readonly tasks: {
    readonly name: readonly string[];
    /** Place in `KINDS`. */
    readonly kind: readonly number[];
    /** Place in `STATUSES`. */
    readonly status: readonly number[];
    readonly stage: readonly number[];
    /** Place in `FLOWS`. */
    readonly flow: readonly number[];
    /** What it is inside of: the map of an item, the task with the flow. Nobody is inside of himself. */
    readonly parent: readonly number[];
    readonly readyUs: readonly number[];
    readonly startUs: readonly number[];
    readonly endUs: readonly number[];
    readonly queuedUs: readonly number[];
    readonly runUs: readonly number[];
    readonly durationUs: readonly number[];
    readonly releasedBy: readonly number[];
    /** Why it did not complete: a text. */
    readonly reason: readonly number[];
    /** The task that is to blame for it. */
    readonly blame: readonly number[];
    /** Error with stack and causes: a text. */
    readonly error: readonly number[];
    /** Tags, attributes and what else is worth a line: a text. */
    readonly note: readonly number[];
    /** Its first tag, and the last lines of its log: texts. */
    readonly tag: readonly number[];
    readonly log: readonly number[];
    /** How many entries of `dependencies` are its own. */
    readonly dependencyCount: readonly number[];
  };
  readonly dependencies: { readonly task: readonly number[]; readonly kind: readonly number[] };
  /** In the order of their starts. */
  readonly attempts: {
    readonly task: readonly number[];
    readonly number: readonly number[];
    readonly lane: readonly number[];
    readonly startUs: readonly number[];
    readonly endUs: readonly number[];
    /** Place in `ATTEMPT_STATUSES`. */
    readonly status: readonly number[];
    readonly queuedUs: readonly number[];
    /** Back-off after it. */
    readonly delayUs: readonly number[];
    readonly slotFreedBy: readonly number[];
    /** The limit it waited for and where it ran: texts. */
    readonly limitedBy: readonly number[];
    readonly executor: readonly number[];
    readonly error: readonly number[];
    /** 1 on the critical path. */
    readonly critical: readonly number[];
  };
  readonly texts: readonly string[];
  /** Tasks whose failure the run tolerates. */
  readonly tolerated: readonly number[];
  /** What else a simulation needs; none for a run that cannot be run again on paper. */
  readonly study?: StudyFacts | undefined;
}
