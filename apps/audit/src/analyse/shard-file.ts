/** One file of a shard, wherever the shard went: its text is read there. Loads every parser. */
import { type Contents, readForAudit } from "../read.ts";
import { analyseFile, type FileAnalysis } from "./file.ts";
import type { Shard, ShardFile } from "./shard.ts";

export async function analyseShardFile(
  { path, digest }: ShardFile,
  { root }: Shard,
): Promise<FileAnalysis> {
  const text = await textOf(root, path, digest);
  return text === undefined
    ? { path, secrets: [], leftOut: "it changed since it was looked at first" }
    : analyseFile(path, text);
}

/** The text that has this digest, if the file still holds it. */
async function textOf(root: string, path: string, digest: string): Promise<string | undefined> {
  const contents: Contents = new Map();
  await readForAudit(root, path, contents, false);
  return contents.get(digest);
}
