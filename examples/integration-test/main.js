/**
 * Three tests of a shop's queries against a real PostgreSQL, in this process. The database is there before the first of
 * them, lives until the last has ended, and is closed then, whatever became of them.
 *
 *     node main.js [--broken]
 */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { flow, task } from "@astrum/core";
import { PGlite } from "@electric-sql/pglite";

/** @typedef {import("@electric-sql/pglite").Transaction} Transaction */

const db = task(
  "db",
  async () => {
    const db = await PGlite.create();
    await db.exec(`
      create table orders (id int primary key, euros int not null check (euros > 0));
      insert into orders values (1, 30), (2, 12);
    `);
    return db;
  },
  {
    release: async (db) => {
      await db.close();
      console.log("the database is closed");
    },
  },
);

/**
 * What a test changes is undone, so that the next one finds the two orders again.
 * @param {string} name
 * @param {(sql: Transaction) => Promise<void>} body
 */
function test(name, body) {
  return task(name, { db }, async ({ db }) => {
    await db.transaction(async (sql) => {
      await body(sql);
      await sql.rollback();
    });
    console.log(`ok: ${name}`);
  });
}

const broken = process.argv.includes("--broken");
const adds = test("adds up what was ordered", async (sql) => {
  const { rows } = await sql.query("select sum(euros)::int as euros from orders");
  deepEqual(rows, [{ euros: broken ? 43 : 42 }]);
});
const cancels = test("cancels an order", async (sql) => {
  equal((await sql.query("delete from orders where id = 1")).affectedRows, 1);
});
const refuses = test("refuses an order of nothing", async (sql) => {
  await rejects(sql.query("insert into orders values (3, 0)"), /violates check constraint/);
});

const report = await flow("shop", { adds, cancels, refuses }).run({ failure: "continue" });
for (const line of report.errorSummary) console.log(line);
if (report.executionState !== "completed") process.exitCode = 1;
