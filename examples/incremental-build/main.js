/**
 * Counts the words of every text of a folder, and of all. A text that has not changed is not read again.
 *
 *     node main.js texts cache.db
 */
import { hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { flow, map, task } from "@astrum/core";
import Keyv from "keyv";
import Database from "libsql"; // better-sqlite3 is used in the same way

const [folder = "texts", file = "cache.db"] = process.argv.slice(2);

const db = new Database(file);
db.exec("create table if not exists cache (key text primary key, value text)");
const SELECT = "select value from cache where key = ?";

/** @typedef {{ value: string } | undefined} Row */

/** What Keyv asks of a store; many databases have a package that does. */
const sqlite = {
  /** @param {string} key */
  get: (key) => /** @type {Row} */ (db.prepare(SELECT).get(key))?.value,
  /** @param {string} key @param {string} value */
  set: (key, value) => db.prepare("insert or replace into cache values (?, ?)").run(key, value),
  /** @param {string} key */
  delete: (key) => db.prepare("delete from cache where key = ?").run(key).changes > 0,
  clear: () => void db.exec("delete from cache"),
};
const cache = new Keyv({ store: sqlite });

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
db.close();
