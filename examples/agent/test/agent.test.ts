import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("answers what its budget allows, within its rate, and says what it could not", () => {
  const main = join(import.meta.dirname, "../main.js");
  // An example is started as its reader does; the sources need no build.
  const flags = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), main];
  const lines = execFileSync(process.execPath, flags, { encoding: "utf8" }).trimEnd().split("\n");
  expect(lines).toEqual([
    "176 answers in 177 calls and 3.7 minutes",
    '24 without an answer: The budget "tokens" is exhausted: 120 are needed, 46 are left, and no running task can give any back',
  ]);
});
