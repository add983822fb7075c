/**
 * The file system, found at run time: the formats work where there are no files, and no bundler has to know `node:fs`.
 * Knows no file.
 */

export type FileSystem = typeof import("node:fs");

/** @throws Error, with what is needed, in a runtime without files. */
export function fileSystem(needed: string): FileSystem {
  const fs = globalThis.process?.getBuiltinModule?.("node:fs");
  if (fs === undefined) throw new Error(needed);
  return fs;
}
