import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const gates = join(import.meta.dirname, "..");
const root = join(gates, "../..");
const tracked = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n");

/** The files that `tsc -p` of a configuration begins with. */
function checkedBy(config: string): string[] {
  const { config: read } = ts.readConfigFile(config, ts.sys.readFile);
  const { fileNames } = ts.parseJsonConfigFileContent(read, ts.sys, dirname(config));
  return fileNames.map((file) => relative(root, file));
}

/** The configurations that `pnpm types` starts a compiler with. */
const configs = readFileSync(join(gates, "package.json"), "utf8")
  .match(/tsc -p [^\s&"]+/g)
  ?.map((line) => join(gates, line.slice("tsc -p ".length)))
  .map((place) => (place.endsWith(".json") ? place : join(place, "tsconfig.json")));

test("every file of TypeScript is checked by a compiler that `pnpm types` starts", () => {
  const checked = new Set(configs?.flatMap(checkedBy));
  // Neither what another tool is configured with, nor what is there to be audited.
  const written = tracked.filter(
    (file) => /\/(src|test|page|bench)\/.*\.ts$/.test(file) && !/\/fixtures\//.test(file),
  );
  expect(written.length).toBeGreaterThan(500);
  expect(written.filter((file) => !checked.has(file))).toEqual([]);
});
