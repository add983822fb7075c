/** What the last build made, and no earlier one: only of that one does the result stand in the files. Knows no target. */
import { readFile, rm, writeFile } from "node:fs/promises";

/**
 * A cache for the next build, in a file. While that builds the file is not there, so that nothing is taken from a build that
 * was killed half-way. `counts`: whether everything is still there that was written.
 *
 * @param {string} file
 * @param {boolean} counts
 */
export async function lastBuild(file, counts) {
  const text = counts ? await readFile(file, "utf8").catch(() => "[]") : "[]";
  await rm(file, { force: true });
  /** @type {Map<string, string>} */
  const before = new Map(JSON.parse(text));
  /** @type {Map<string, string>} */
  const made = new Map();
  return {
    /** @param {string} key */
    get(key) {
      const entry = before.get(key);
      if (entry !== undefined) made.set(key, entry);
      return entry;
    },
    /**
     * @param {string} key
     * @param {string} entry
     */
    set: (key, entry) => made.set(key, entry),
    keep: () => writeFile(file, JSON.stringify([...made])),
  };
}
