/**
 * Looks up which paths exist on disk although the audit did not discover them: ignored files that were built, what lies
 * behind a symbolic link. Exact in case even where the file system is not.
 */
import { readdir } from "node:fs/promises";
import { posix, resolve } from "node:path";

export async function existingPaths(root: string, paths: readonly string[]): Promise<string[]> {
  const listings = new Map<string, readonly string[]>();
  const existing: string[] = [];
  for (const path of paths) {
    const folder = posix.dirname(path);
    let names = listings.get(folder);
    if (names === undefined) {
      names = await readdir(resolve(root, folder)).catch(() => []);
      listings.set(folder, names);
    }
    if (names.includes(posix.basename(path))) existing.push(path);
  }
  return existing;
}
