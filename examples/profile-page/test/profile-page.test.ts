import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("shows what is there, and says what it had to do without", () => {
  const main = join(import.meta.dirname, "../main.js");
  // An example is started as its reader does; the sources need no build.
  const flags = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), main];
  const lines = execFileSync(process.execPath, flags, { encoding: "utf8" }).trimEnd().split("\n");
  expect(lines).toEqual([
    "Ada: 2 orders; more for Ada",
    "Grace: 0 orders; books",
    "  without orders: Error: orders: 503",
    expect.stringMatching(
      /^ {2}without recommendations: TimeoutError: Task "recommendations" took longer than 50 ms/,
    ),
  ]);
});
