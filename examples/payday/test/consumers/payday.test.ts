import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Postgres, startPostgres } from "./postgres.ts";

const KILLED = new URL("../killed.ts", import.meta.url).href;
const MONTH = "2026-11";
const NAMES = ["Ada", "Bo", "Cy", "Di", "Ed", "Flo"];
let postgres: Postgres;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres?.close();
});

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = await postgres.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows as Record<string, unknown>[];
}

beforeEach(async () => {
  await query("drop table if exists staff, payments, journal");
  await query("create table staff (name text, cents int)");
  await query(`insert into staff values ${NAMES.map((name) => `('${name}', 100)`).join()}`);
});

/** An example is started as its reader does; the sources need no build. `meanwhile`: while it is held. */
async function pay(killed = "", meanwhile?: () => Promise<void>) {
  const main = join(import.meta.dirname, "../../main.js");
  const preloaded = ["--import", import.meta.resolve("tsx"), "--import", KILLED];
  const child = spawn(
    process.execPath,
    ["--conditions=@astrum/source", ...preloaded, main, MONTH],
    { env: { ...process.env, ...postgres.env, KILLED: killed }, stdio: ["pipe", "pipe", "pipe"] },
  );
  const goesOn = async (): Promise<void> => {
    if (meanwhile !== undefined) await Promise.race([once(child.stdout, "data"), closed]);
    await meanwhile?.();
    child.stdin.end();
  };
  const closed = once(child, "close");
  const [told, errors, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    closed,
    goesOn(),
  ]);
  return {
    told: told.trimEnd(),
    errors,
    code: code as number | null,
    signal: signal as string | null,
  };
}

const paid = async (): Promise<unknown[]> =>
  (await query("select name from payments order by name")).map(({ name }) => name);

it("pays everybody once, however often it is killed before and after a commit", async () => {
  expect(await pay("before 1")).toMatchObject({ signal: "SIGKILL", told: "" });
  const left = await paid();
  expect((await pay("after 1")).signal).toBe("SIGKILL");
  const first = await paid();
  expect(first.length).toBeGreaterThan(left.length);
  expect((await pay("after 2")).signal).toBe("SIGKILL");
  expect((await paid()).length).toBeGreaterThan(first.length);
  expect(await pay()).toMatchObject({ signal: null, told: `${MONTH}: 6 are paid`, errors: "" });
  expect(await paid()).toEqual(NAMES);
  expect((await pay()).told).toBe(`${MONTH}: 6 are paid`);
  expect(await paid()).toEqual(NAMES);
});

it("does not pay again whose commit was done when the connection was lost", async () => {
  expect((await pay("lost 2")).told).toBe(`${MONTH}: 6 are paid`);
  expect(await paid()).toEqual(NAMES);
  const entries = await query("select task from journal where task like 'paid[%' order by task");
  expect(entries.map(({ task }) => task)).toEqual(NAMES.map((_, at) => `paid[${at}]`));
});

it.each([
  ["before", 2],
  ["after", 2],
  ["after", 6],
])(
  "ends when PostgreSQL is restarted %s commit %i, since its lock is gone, and then pays who is left",
  async (when, which) => {
    const held = await pay(`held ${when} ${which}`, () => postgres.restart());
    expect(held).toMatchObject({ code: 1, signal: null, told: "held" });
    // Whether it hears first what the server says, or that nobody is there.
    expect(held.errors).toMatch(/terminat|EPIPE|ECONNRESET/);
    // Others are paid at the same time, and whether those are depends on the instant.
    if (when === "after") expect(await paid()).not.toEqual([]);
    expect(await pay()).toMatchObject({ code: 0, told: `${MONTH}: 6 are paid`, errors: "" });
    expect(await paid()).toEqual(NAMES);
  },
);

it("is refused while another process pays, and not when that was killed", async () => {
  const other = await postgres.connect();
  await other.query(`select pg_advisory_lock(hashtext('payday ${MONTH}'))`);
  expect((await pay()).errors).toContain(`another process pays ${MONTH}`);
  await other.end();
  await pay("after 3");
  expect((await pay()).told).toBe(`${MONTH}: 6 are paid`);
  expect(await paid()).toEqual(NAMES);
});
