/**
 * Loads the files of a night into an SQLite database and adds them up. Killed at any instant and started again, it goes on
 * where it was: the rows of a file, and the entry that says so, are one transaction.
 *
 *     node main.js inbox warehouse.db 2026-11-28
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { flow, map, reportOfJournal, task } from "@astrum/core";
import Database from "libsql"; // better-sqlite3 is used in the same way

/** @typedef {import("@astrum/core").JournalEntry} JournalEntry */

const [inbox = "inbox", file = "warehouse.db", night = "2026-11-28"] = process.argv.slice(2);
const db = new Database(file);
db.exec(`
  pragma locking_mode = exclusive; -- one process at a time: another one hears that the database is locked
  create table if not exists orders (night text, id text, cents int);
  create table if not exists totals (night text primary key, cents int);
  create table if not exists journal (night text, run text, task text, entry text, unique (night, run, task));
`);
const addOrder = db.prepare("insert into orders values (?, ?, ?)");
const addEntry = db.prepare("insert or replace into journal values (?, ?, ?, ?)");

/** @param {JournalEntry} entry */
const journal = (entry) => {
  addEntry.run(night, entry.runId, entry.task ?? "", JSON.stringify(entry));
};
const told = db.prepare("select entry from journal where night = ? order by rowid").all(night);
const entries = /** @type {{ entry: string }[]} */ (told).map(({ entry }) => JSON.parse(entry));

const files = task("files", async () => (await readdir(join(inbox, night))).sort());

const loaded = map(
  "loaded",
  files,
  async (name, _, { journalEntry }) => {
    const lines = (await readFile(join(inbox, night, name), "utf8")).trim().split("\n");
    const result = { name, orders: lines.length };
    db.transaction(() => {
      for (const [id, cents] of lines.map((line) => line.split(",")))
        addOrder.run(night, id, Number(cents));
      journal(journalEntry(result));
    })();
    return result;
  },
  { concurrency: 4, key: (name) => name },
);

const total = task("total", { loaded }, () => {
  const sum = "select coalesce(sum(cents), 0) from orders where night = ?";
  db.prepare(`insert or replace into totals values (?, (${sum}))`).run(night, night);
  const found = db.prepare("select cents from totals where night = ?").get(night);
  return /** @type {{ cents: number }} */ (found).cents;
});

const resumeFrom = entries.length > 0 ? reportOfJournal(entries) : undefined;
const report = await flow("nightly", { total }).run({ journal, resumeFrom });
console.log(`${night}: ${report.unwrap().total} cents, ${report.restoredTasks} tasks were done`);
