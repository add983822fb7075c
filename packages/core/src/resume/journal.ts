/** What is told of completions while a run goes on, so that a later run can take up what a crash left. */

/**
 * Told of every completed task with its output before a dependent is released. Synchronous: when it returns, the entry
 * is taken as stored. An error that it throws fails the run.
 */
export type Journal = (entry: JournalEntry) => void;

export interface JournalEntry {
  /** `completed`: `runId`, `task`, `fingerprint` and `output` (an `EncodedValue`) are there. Skip types that you do not know. */
  readonly type: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly [field: string]: unknown;
}
