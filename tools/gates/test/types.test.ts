import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const tracked = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n");

/** The files that `tsc -p` of a configuration begins with. */
function checkedBy(config: string): string[] {
  const { config: read } = ts.readConfigFile(config, ts.sys.readFile);
  const { fileNames } = ts.parseJsonConfigFileContent(read, ts.sys, dirname(config));
  return fileNames.map((file) => relative(root, file));
}

/** Those that a script of a package starts. */
function configsOf(manifest: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, manifest), "utf8"));
  const lines = [scripts?.typecheck, scripts?.["typecheck:javascript"]].join("&");
  return (lines.match(/\btsc\b[^&]*/g) ?? []).map((line) => {
    const place = join(root, dirname(manifest), /-p (\S+)/.exec(line)?.[1] ?? ".");
    return existsSync(join(place, "tsconfig.json")) ? join(place, "tsconfig.json") : place;
  });
}

test("every file of TypeScript is checked by a compiler that `pnpm types` starts", () => {
  const manifests = tracked.filter((file) => /(^|\/)package\.json$/.test(file));
  const checked = new Set(manifests.flatMap(configsOf).flatMap(checkedBy));
  // Neither what another tool is configured with, nor what is there to be audited.
  const written = tracked.filter(
    (file) => /\/(src|test|page|bench)\/.*\.ts$/.test(file) && !/\/fixtures\//.test(file),
  );
  expect(written.length).toBeGreaterThan(500);
  expect(written.filter((file) => !checked.has(file))).toEqual([]);
});
