import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

/** As its reader starts it; the sources need no build. */
function started(...args: readonly string[]) {
  const main = join(import.meta.dirname, "../main.js");
  const flags = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), main];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, ...args], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return { status, lines: stdout.trimEnd().split("\n") };
}

// A database starts in seconds, or in many where others start too.
const limit = { timeout: 120_000 };

it("runs three tests against a real database, and closes it after the last", limit, () => {
  const { status, lines } = started();
  expect(status).toBe(0);
  expect(lines.slice(0, 3).sort()).toEqual([
    "ok: adds up what was ordered",
    "ok: cancels an order",
    "ok: refuses an order of nothing",
  ]);
  expect(lines.slice(3)).toEqual(["the database is closed"]);
});

it("closes it also when a test has failed, after the others", limit, () => {
  const { status, lines } = started("--broken");
  expect(status).toBe(1);
  expect(lines.slice(0, 2).sort()).toEqual([
    "ok: cancels an order",
    "ok: refuses an order of nothing",
  ]);
  expect(lines[2]).toBe("the database is closed");
  expect(lines[3]).toMatch(/^Task "adds up what was ordered" failed: Expected values to be/);
});
