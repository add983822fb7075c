/** What is told of a run while it goes on, so that a later one can take up what a crash left. */

/**
 * Told once of the run, then of every completed task with its output, before a dependent is released: an entry counts as
 * stored when the call returns, or when the promise that it returns resolves. The task is running until then, without a
 * slot, and no other entry is told. An error that it throws, or a rejection, fails the task and the run, and no other entry
 * follows. With `dispatch: "stages"` a promise is refused.
 *
 * A run that takes up an earlier one tells first what it restored: its own entries are enough to take it up again.
 */
export type Journal = (entry: JournalEntry) => unknown;

export interface JournalEntry {
  /**
   * `started`, the first entry of a run: `runId`, `flow` and, for a run that takes up another one, its id as `resumes`.
   * `completed`: `runId`, `task`, `fingerprint`, `output` (an `EncodedValue`) and, unless it can never be restored, its
   * `origin`; for an item also `parent`, its map, and `index`. Keep all fields, and skip types that you do not know.
   */
  readonly type: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly [field: string]: unknown;
}
