/** One file of a shard, wherever the shard went: its text is there, or is read again. Loads every parser. */
import { type Contents, readForAudit } from "../read.ts";
import { analyseFile, type FileAnalysis } from "./file.ts";
import type { Shard, ShardFile } from "./shard.ts";

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
