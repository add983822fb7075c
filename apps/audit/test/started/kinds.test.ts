/** Each kind of finding that a tree in version control cannot hold: made here, and found by the program. */
import { execFileSync } from "node:child_process";
import { readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { largestFileBytes } from "../../src/read.ts";
import { program, run } from "../program.ts";
import { temporaryTree } from "../temporary-tree.ts";

function git(root: string, ...args: readonly string[]): void {
  const who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
  execFileSync("git", [...who, ...args], { cwd: root, stdio: "ignore" });
}

/** 24 decisions, all but four of them in the second function. */
function deciding(version: number): string {
  const many = Array.from({ length: 20 }, (_, n) => `  if (x === ${n + version}) return ${n};`);
  const few = "export const f = (x: number) => (x ? 1 : x || 2 ? 3 : x && 4);";
  return `${few}\nexport function g(x: number) {\n${many.join("\n")}\n  return 0;\n}\n`;
}

function troubledTree(): string {
  const root = temporaryTree({
    "data/large.txt": "x\n".repeat(largestFileBytes),
    "data/hole.bin": "",
    "bin/tool": Buffer.of(0x7f, 0x45, 0x4c, 0x46, 0),
    "docs/a.md": "[gone](gone.md)\n",
    "src/cold.ts": deciding(0),
    "src/plain.ts": "export const plain = 0;\n",
  });
  truncateSync(join(root, "data/hole.bin"), 2 * 1024 ** 3);
  symlinkSync("..", join(root, "docs/up"));
  symlinkSync("loop", join(root, "docs/loop"));
  writeFileSync(Buffer.concat([Buffer.from(join(root, "docs/caf")), Buffer.of(0xe9)]), "");
  git(root, "init", "-q");
  for (let n = 1; n <= 6; n++) {
    writeFileSync(join(root, "src/hot.ts"), deciding(n));
    writeFileSync(join(root, "src/plain.ts"), `export const plain = ${n};\n`);
    git(root, "add", "src");
    git(root, "commit", "-q", "-m", `${n}`);
  }
  return root;
}

const expected = [
  "docs/a.md:1  links  no such file or folder: docs/gone.md",
  "src/hot.ts:2  hotspots  rank 1: changed in 6 of the last 6 commits, 24 decisions, 20 of them from this line on",
];

test("every kind of finding, and every file that cannot be read, is told", async () => {
  const root = troubledTree();
  const out = join(temporaryTree(), "out");
  const args = [program, "--out", out, "--workers", "2", root];
  const { code, stdout, stderr } = await run(process.execPath, args);
  expect(stdout.trimEnd().split("\n").slice(0, -1)).toEqual(expected);
  expect(code).toBe(1);
  const skipped = stderr.split("\n").filter((line) => line.startsWith("astrum-audit: skipped"));
  expect(skipped.map((line) => line.slice("astrum-audit: skipped ".length))).toEqual([
    "data/large.txt: larger than 2 MiB",
    "docs/caf\\xe9: its name is not valid UTF-8",
    "docs/loop: a symbolic link that leads back to itself",
    "docs/up: a symbolic link, not followed",
  ]);
  expect(JSON.parse(readFileSync(join(out, "findings.json"), "utf8"))).toMatchObject({
    binaryFiles: 2,
  });
});

test("without git on this machine, hotspots are not judged, and that is said", async () => {
  const root = temporaryTree({ ".git/HEAD": "ref: refs/heads/main\n", "a.ts": "" });
  const args = ["-c", 'PATH=/nowhere exec "$0" "$@"', process.execPath, program, root];
  const out = join(temporaryTree(), "out");
  const { code, stdout, stderr } = await run("sh", [...args, "--out", out]);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining("hotspots not judged"),
  });
  expect(stderr).toContain("no hotspots: spawn git ENOENT");
});
