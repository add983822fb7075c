/**
 * Some files that are analysed in one call, which is not for free on a thread. What is in a shard depends on the files
 * alone, so that an interrupted audit finds the same shards when it goes on.
 */
import { type Contents, readForAudit, type TextFile } from "../read.ts";
import { inShards } from "../shards.ts";
import { analyseFile, type FileAnalysis } from "./file.ts";

export interface Shard {
  /** The folder that paths start from. */
  readonly root: string;
  readonly files: readonly ShardFile[];
}

interface ShardFile {
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

export async function analyseShardFile(
  { path, digest, text }: ShardFile,
  { root }: Shard,
): Promise<FileAnalysis> {
  const known = text ?? (await readAgain(root, path, digest));
  return known === undefined
    ? { path, secrets: [], leftOut: "it changed since the audit was interrupted" }
    : analyseFile(path, known);
}

/** The text that has this digest, if the file still holds it. */
async function readAgain(root: string, path: string, digest: string): Promise<string | undefined> {
  const contents: Contents = new Map();
  await readForAudit(root, path, contents, false);
  return contents.get(digest);
}
