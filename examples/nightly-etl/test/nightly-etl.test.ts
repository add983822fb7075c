import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { expect, it, onTestFinished } from "vitest";

const KILLED = new URL("./killed.ts", import.meta.url).href;
const NIGHT = "2026-11-28";

function night() {
  const home = mkdtempSync(join(tmpdir(), "astrum-nightly-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const write = (name: string, text: string, of = NIGHT): void => {
    mkdirSync(join(home, "inbox", of), { recursive: true });
    writeFileSync(join(home, "inbox", of, name), text);
  };
  const file = join(home, "warehouse.db");
  /** An example is started as its reader does; the sources need no build. */
  const start = (killed = "", of = NIGHT) => {
    const main = join(import.meta.dirname, "../main.js");
    const preloaded = ["--import", import.meta.resolve("tsx"), "--import", KILLED];
    const flags = ["--conditions=@astrum/source", ...preloaded, main];
    const { signal, stdout, stderr } = spawnSync(process.execPath, [...flags, "inbox", file, of], {
      encoding: "utf8",
      cwd: home,
      env: { ...process.env, KILLED: killed },
    });
    return { signal, told: stdout.trimEnd(), stderr };
  };
  const rows = (sql: string): unknown[] => {
    const db = new Database(file);
    const found = db.prepare(sql).raw().all();
    db.close();
    return found;
  };
  const orders = (of = NIGHT): unknown[] =>
    rows(`select id from orders where night = '${of}' order by id`).flat();
  return { home, file, write, start, rows, orders };
}

function threeFiles() {
  const it = night();
  it.write("a.csv", "a1,100\na2,5\n");
  it.write("b.csv", "b1,10\n");
  it.write("c.csv", "c1,1\n");
  return it;
}

// Each start takes a second, or several where the machine does much else.
const limit = { timeout: 300_000 };
const ALL = ["a1", "a2", "b1", "c1"];

it(
  "loads every file once, however often it is killed before and after a commit, and adds them up",
  limit,
  () => {
    const { start, orders, rows } = threeFiles();
    expect(start("before 1")).toMatchObject({ signal: "SIGKILL", told: "" });
    expect(orders()).toEqual([]);
    expect(start("after 1").signal).toBe("SIGKILL");
    const first = orders();
    expect(first).not.toEqual([]);
    // It takes up what that one had committed and not heard of.
    expect(start("before 2").signal).toBe("SIGKILL");
    const second = orders();
    expect(second.length).toBeGreaterThan(first.length);
    expect(second.length).toBeLessThan(ALL.length);
    expect(start("after 1").signal).toBe("SIGKILL");
    expect(orders()).toEqual(ALL);
    expect(start()).toMatchObject({ signal: null, told: expect.stringContaining("116 cents") });
    expect(orders()).toEqual(ALL);
    expect(rows("select * from totals")).toEqual([[NIGHT, 116]]);
    expect(start()).toMatchObject({ told: `${NIGHT}: 116 cents, 3 tasks were done`, stderr: "" });
    expect(orders()).toEqual(ALL);
  },
);

it(
  "has the files of a night that were there when it began, in whatever order they come; another night is another",
  limit,
  () => {
    const { start, orders, write, rows } = threeFiles();
    start("after 2");
    write("0.csv", "late,1000");
    write("n.csv", "n1,7", "2026-11-29");
    expect(start("", "2026-11-29").told).toBe("2026-11-29: 7 cents, 0 tasks were done");
    expect(start().told).toContain("116 cents");
    expect(orders()).toEqual(ALL);
    expect(orders("2026-11-29")).toEqual(["n1"]);
    expect(rows("select * from totals order by night")).toEqual([
      [NIGHT, 116],
      ["2026-11-29", 7],
    ]);
  },
);

it(
  "is refused while another process has the database, and fails for a night without a folder",
  limit,
  () => {
    const { start, file, orders } = threeFiles();
    start("after 1");
    const had = orders();
    const other = new Database(file);
    other.exec("begin exclusive");
    expect(start().stderr).toContain("database is locked");
    other.exec("rollback");
    other.close();
    expect(orders()).toEqual(had);
    expect(start("", "2026-12-01").stderr).toContain("ENOENT");
  },
);
