/** What a task's function is handed beside its inputs, as a type: its signal, limits, progress, log, attributes, cleanups. */
import type { JournalEntry } from "./journal-entry.ts";

/** What an attempt is handed beside its inputs. It can be spread and taken apart: `{ ...context, db }`. */
export interface TaskContext {
  /** The path of the task: `words[3]` of an item, `eu.load` inside of a flow. */
  readonly taskName: string;
  /** The run that the task belongs to, as in its report. */
  readonly runId: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when this attempt is asked to stop; `reason` is always an error that says why. */
  readonly signal: AbortSignal;
  /** Recorded with the task. */
  readonly attributes: Map<string, string | number | boolean>;
  /** Tells observers how far the attempt is, from 0 to 1. */
  readonly progress: (fraction: number, message?: string) => void;
  /**
   * Says what this attempt has spent of a `RateLimit` of the run, in place of what its task asked for, or of what it said
   * before: the answer tells how many tokens it took. What was too much is given back, what is missing is a debt that
   * delays who comes next. Once the attempt has ended it is not heard. Throws a `TypeError` where the run has no such rate
   * limit, or `amount` is no finite number from 0 up.
   */
  readonly spent: (resource: string, amount: number) => void;
  /**
   * A line of the task's log, told to observers at once and kept with its attempt: the last 100, and how many there were
   * before them. Of a message 2,000 characters are kept; of attributes 32, with 500 characters of a text.
   */
  readonly log: (
    message: string,
    attributes?: Readonly<Record<string, string | number | boolean>>,
  ) => void;
  /**
   * Milliseconds that are left until this attempt is asked to stop: of its `timeoutMs`, of its task's `deadlineMs` or of
   * the run's `timeoutMs`, whichever is least. `Infinity` without any; never below 0.
   */
  readonly remainingMs: () => number;
  /**
   * Runs `cleanup` after this attempt, however it ended: last in first out, awaited, before its slot is free, with a
   * signal of its own. An error of a cleanup fails a completed attempt.
   */
  readonly defer: (cleanup: (signal: AbortSignal) => unknown) => void;
  /**
   * Ends this attempt and the task as skipped, for this reason: as if its condition had said so. Throws a
   * `TaskSkippedError`, always; a function that catches it and returns ends as skipped all the same, one that throws an
   * error of another cause has failed with that. An item of a map that is skipped leaves `undefined` in its place, which
   * the type of the map does not say.
   */
  readonly skip: (reason: string) => never;
  /**
   * The entry that the journal of the run will be told when the task returns this value, but for its instant. For a journal
   * in a database: write it in one transaction with what the task does there, return the same value, and let the journal
   * write what it is told in the place of what it finds under `runId` and `task`: the later entry counts. A crash before the
   * commit has then done nothing, one after it restores.
   *
   * Throws an `Error` when the run has no journal, and a `TypeError` when the value has no encoding. Only for tasks that
   * run in the process of their run, and neither for maps as a whole nor for a value that an `output` schema converts.
   */
  readonly journalEntry: (value: unknown) => JournalEntry;
}
