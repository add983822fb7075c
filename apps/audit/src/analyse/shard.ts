/**
 * Some files that are analysed in one call, which is not for free on a thread. What is in a shard depends on the files
 * alone, so that an interrupted audit finds the same shards when it goes on. Loads no parser: the graph is made of this.
 */
import type { Contents, TextFile } from "../read.ts";
import { inShards } from "../shards.ts";

export interface Shard {
  /** The folder that paths start from. */
  readonly root: string;
  readonly files: readonly ShardFile[];
}

export interface ShardFile {
  readonly path: string;
  readonly digest: string;
  /** `undefined` when it was read by an earlier run of which this one is the rest. */
  readonly text: string | undefined;
}

export function shardsOf(root: string, files: readonly TextFile[], contents: Contents): Shard[] {
  return inShards(files, ({ bytes }) => bytes).map((shard) => ({
    root,
    files: shard.map(({ path, digest }) => ({ path, digest, text: contents.get(digest) })),
  }));
}
