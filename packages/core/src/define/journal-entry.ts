/** An entry that a journal is told, as a type. Knows no journal. */
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
