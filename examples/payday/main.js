/**
 * Pays everybody for a month, in PostgreSQL, each once. Killed at any instant and started again, it pays who is left: a
 * payment, and the entry that says so, are one transaction.
 *
 *     PGHOST=localhost PGDATABASE=staff node main.js 2026-11
 */
import { flow, map, reportOfJournal, task } from "@astrum/core";
import pg from "pg";

const [month = "2026-11"] = process.argv.slice(2);
const pool = new pg.Pool();
const owner = await pool.connect();
// The lock of one process at a time ends with this session; nobody hears its "error", so the process ends with it, too.
const lock = "select pg_try_advisory_lock(hashtext($1)) as ours";
const { rows } = await owner.query(lock, [`payday ${month}`]);
if (!rows[0].ours) throw new Error(`another process pays ${month}`);
await owner.query(`
  create table if not exists payments (month text, name text, cents int);
  create table if not exists
    journal (at serial, month text, run text, task text, entry jsonb, unique (month, run, task));
`);

const insert = `insert into journal as own values (default, $1, $2, $3, $4)
  on conflict (month, run, task) do update set at = excluded.at, entry = excluded.entry
  where own.entry -> 'origin' <> excluded.entry -> 'origin'`; // The same of the same item stays.
/** @type {(sql: pg.Pool | pg.ClientBase, entry: import("@astrum/core").JournalEntry) => Promise<pg.QueryResult>} */
const write = (sql, entry) => sql.query(insert, [month, entry.runId, entry.task ?? "", entry]);
const staff = () => pool.query("select name, cents from staff order by name");
const people = task("people", async () => (await staff()).rows);
const pay = "insert into payments values ($1, $2, $3)";
const paid = map(
  "paid",
  people,
  async ({ name, cents }, _, { journalEntry }) => {
    const sql = await pool.connect();
    try {
      await sql.query("begin");
      const { rowCount } = await write(sql, journalEntry(name));
      // The entry is there when an attempt before this one has paid, and did not hear of its commit.
      if (rowCount === 1) await sql.query(pay, [month, name, cents]);
      await sql.query("commit");
      sql.release();
    } catch (error) {
      sql.release(true); // Which rolls back what was not committed.
      throw error;
    }
    return name;
  },
  { concurrency: 4, retry: 2, key: ({ name }) => name },
);

const told = await owner.query("select entry from journal where month = $1 order by at", [month]);
const entries = told.rows.map(({ entry }) => entry);
const report = await flow("payday", { paid }).run({
  journal: (entry) => write(pool, entry),
  resumeFrom: entries.length > 0 ? reportOfJournal(entries) : undefined,
});
owner.release();
await pool.end();
console.log(`${month}: ${report.unwrap().paid.length} are paid`);
