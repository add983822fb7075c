/**
 * Looks up which paths exist on disk although the audit did not discover them: ignored files that were built, what lies
 * behind a symbolic link. Exact in case even where the file system is not.
 */
import { readdir } from "node:fs/promises";
import { posix, resolve } from "node:path";

/** What is behind a folder that may not be read counts as existing: nobody here can say that it does not. */
export async function existingPaths(root: string, paths: readonly string[]): Promise<Set<string>> {
  const listings = new Map<string, readonly string[] | "unreadable">();
  const existing = new Set<string>();
  for (const path of paths) {
    const folder = posix.dirname(path);
    const names = listings.get(folder) ?? (await namesIn(resolve(root, folder)));
    listings.set(folder, names);
    if (names === "unreadable" || names.includes(posix.basename(path))) existing.add(path);
  }
  return existing;
}

/** The last one: a name with a NUL character. */
const nowhere: ReadonlySet<unknown> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ENAMETOOLONG",
  "ERR_INVALID_ARG_VALUE",
]);

async function namesIn(folder: string): Promise<readonly string[] | "unreadable"> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (nowhere.has(code)) return [];
    if (code === "EACCES" || code === "EPERM" || code === "ELOOP") return "unreadable";
    throw error;
  }
}
