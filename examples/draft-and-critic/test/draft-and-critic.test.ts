import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("writes until no critic misses anything", () => {
  const main = join(import.meta.dirname, "../main.js");
  // An example is started as its reader does; the sources need no build.
  const flags = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), main];
  const said = execFileSync(process.execPath, flags, { encoding: "utf8" }).trimEnd();
  expect(said).toBe("3 drafts: All about tea. (where from) (a joke) (how hot)");
});
