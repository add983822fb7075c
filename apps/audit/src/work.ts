/**
 * The parts of the audit that compute for long, as the graph sees them: functions of what they are given, in the form
 * that `map` calls, which run on the main thread or on others. Knows neither kind.
 */
import type { FileAnalysis } from "./analyse/file.ts";
import type { Shard } from "./analyse/shard.ts";
import type { Excerpt } from "./duplicates/candidates.ts";
import type { DuplicateBlock } from "./duplicates/compare.ts";

export interface AuditWork {
  /** How many calls are worth having under way at once. */
  readonly atOnce: number;
  /** One analysis for each file, in their order. */
  readonly analyse: Call<Shard, FileAnalysis[]>;
  /** The blocks that are repeated in each candidate, in the order of the candidates. */
  readonly compare: Call<readonly (readonly Excerpt[])[], DuplicateBlock[][]>;
}

/** Rejects when the signal aborts before it has ended. */
type Call<Item, Result> = (
  item: Item,
  index: number,
  context: { readonly signal: AbortSignal },
) => Promise<Result>;
