import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("reports one region, and tells why there is nothing of the other", () => {
  const main = join(import.meta.dirname, "../main.js");
  // An example is started as its reader does; the sources need no build.
  const flags = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), main];
  const lines = execFileSync(process.execPath, flags, { encoding: "utf8" }).trimEnd().split("\n");
  expect(lines).toEqual([
    "9 tasks are planned",
    "  eu: 500, best 300",
    '  us: "us" failed in "us.total": there are no sales',
  ]);
});
