/** What is told of a run while it goes on, so that a later one can take up what a crash left. */

/**
 * Told once of the run, then of every completed task with its output, before a dependent is released: an entry counts as
 * stored when the call returns. An error that it throws fails the task and the run, and no other entry follows. So does
 * a promise that it returns, since nobody would wait for it: store synchronously.
 *
 * A run that takes up an earlier one tells first what it restored: its own entries are enough to take it up again.
 */
export type Journal = (entry: JournalEntry) => Synchronous;

/** Anything but a promise. What a journal returns is not looked at beyond that. */
type Synchronous =
  | void
  | null
  | undefined
  | string
  | number
  | bigint
  | boolean
  | symbol
  | (object & { readonly then?: never });

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
