import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("comes to every page once, and names the one that is not there", () => {
  const main = join(import.meta.dirname, "../main.js");
  // An example is started as its reader does; the sources need no build.
  const flags = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), main];
  const lines = execFileSync(process.execPath, flags, { encoding: "utf8" }).trimEnd().split("\n");
  expect(lines[0]).toMatch(/^6 pages, [123] at once$/);
  expect(lines[1]).toMatch(
    /^ {2}below\[0\]\.below\[\d\]\.below\[\d\]\.links: \/docs\/gone was not found$/,
  );
  expect(lines).toHaveLength(2);
});
