import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

it("reads again what has changed, and nothing else", () => {
  const home = mkdtempSync(join(tmpdir(), "astrum-build-"));
  const main = join(import.meta.dirname, "../main.js");
  // An example is started as its reader does; the sources need no build.
  const flags = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), main];
  const build = (): string[] =>
    execFileSync(process.execPath, [...flags, "texts", "cache.db"], { encoding: "utf8", cwd: home })
      .trimEnd()
      .split("\n");
  const write = (name: string, text: string): void =>
    writeFileSync(join(home, "texts", name), text);
  try {
    mkdirSync(join(home, "texts"));
    write("b.txt", "one two");
    write("c.txt", "one");
    expect(build()).toEqual(["b.txt: 2", "c.txt: 1", "2 read, 0 from the cache"]);
    expect(build()).toEqual(["b.txt: 2", "c.txt: 1", "0 read, 3 from the cache"]);
    write("a.txt", "one two three");
    write("c.txt", "one two");
    expect(build()).toEqual(["a.txt: 3", "b.txt: 2", "c.txt: 2", "2 read, 1 from the cache"]);
    rmSync(join(home, "texts", "a.txt"));
    write("c.txt", "one");
    // As it was at first, the list too.
    expect(build()).toEqual(["b.txt: 2", "c.txt: 1", "0 read, 3 from the cache"]);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
