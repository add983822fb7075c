/**
 * Some files that are analysed in one call, which is not for free on a thread. What is in a shard depends on the files
 * alone, so that an interrupted audit finds the same shards when it goes on. Loads no parser: the graph is made of this.
 */
import type { TextFile } from "../read.ts";
import { inShards } from "../shards.ts";

export interface Shard {
  /** The folder that paths start from. */
  readonly root: string;
  readonly files: readonly ShardFile[];
}

/** Not its text: a result is taken up by what it was made from, and that is the same in every run. */
export type ShardFile = Pick<TextFile, "path" | "digest">;

export function shardsOf(root: string, files: readonly TextFile[]): Shard[] {
  return inShards(files, ({ bytes }) => bytes).map((shard) => ({
    root,
    files: shard.map(({ path, digest }) => ({ path, digest })),
  }));
}
