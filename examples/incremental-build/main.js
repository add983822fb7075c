/**
 * Counts the words of every text of a folder, and of all. A text that has not changed is not read again.
 *
 *     node main.js texts .cache
 */
import { hash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { flow, map, task } from "@astrum/core";

const [folder = "texts", cacheFolder = ".cache"] = process.argv.slice(2);

/** A file for each key: anything with `get` and `set` is a cache, so is a `Map` or a Keyv. */
const cache = {
  /** @param {string} key */
  get: (key) => readFile(fileOf(key), "utf8").catch(() => undefined),
  /**
   * Whoever reads finds a whole file or none.
   * @param {string} key
   * @param {string} value
   */
  async set(key, value) {
    await mkdir(cacheFolder, { recursive: true });
    const whole = `${fileOf(key)}.${process.pid}`;
    await writeFile(whole, value);
    await rename(whole, fileOf(key));
  },
};

/** @param {string} key */
function fileOf(key) {
  return join(cacheFolder, key.replaceAll(":", "-"));
}

/** @param {string} name */
const hashOf = async (name) => hash("sha256", await readFile(join(folder, name)));

const texts = task("texts", async () => (await readdir(folder)).sort());

const words = map(
  "words",
  texts,
  async (name) => {
    const text = await readFile(join(folder, name), "utf8");
    return { name, words: text.split(/\s+/).filter(Boolean).length };
  },
  // What is in the file makes the result, not only what it is called. Change `version` with the function.
  { cache: { key: async (name) => [name, await hashOf(name)] }, version: "1" },
);

const index = task("index", { words }, ({ words }) => words, { cache: {} });

const report = await flow("index", { index }).run({ cache });
for (const { name, words } of report.unwrap().index) console.log(`${name}: ${words}`);
const counted = report.taskStatistics.filter(({ taskName, source }) => {
  return taskName.startsWith("words[") && source !== "cache";
});
console.log(`${counted.length} read, ${report.restoredTasks} from the cache`);
