import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

function run(...args: string[]): { status: number | null; stdout: string } {
  const main = join(import.meta.dirname, "../main.js");
  // An example is started as its reader does; the sources need no build.
  const flags = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), main];
  return spawnSync(process.execPath, [...flags, ...args], { encoding: "utf8" });
}

it("prints the order in which a ticket is sold twice, and how to run it again", () => {
  const { status, stdout } = run();
  expect(status).toBe(1);
  expect(stdout).toMatch(/^sold to .*: two tickets, -1 left\n/);
  expect(stdout).toMatch(/\nRun \d+ of seed 1 broke the check; the shortest schedule that does:\n/);
  expect(stdout).not.toContain("Run 1 of");
  expect(stdout).toContain("  0 begin → start returned, start ann, start bob, start cleo\n");
  expect(stdout).toMatch(/\nAgain: explore\(flow, \{ schedule: "\d+:[\d: ]+", … \}\)\n$/);
});

it("finds nothing when the ticket is taken before it is paid for", () => {
  const { status, stdout } = run("--fixed");
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^1000 runs, \d+ schedules: /)]);
});
