import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { discover } from "../../src/discover.ts";
import { temporaryTree } from "../temporary-tree.ts";

test("the files that are left out are exactly those that git leaves out", async () => {
  const root = temporaryTree({
    ".gitignore":
      "\uFEFF*.log\n!keep.log\n/top\nbuild/\ndocs/*.txt\n**/deep/**/x\n\\#odd\nsp ace\nCase\n",
    "a.log": "",
    "keep.log": "",
    top: "",
    "a/top": "",
    "build/x": "",
    "a/build/x": "",
    "b/build": "a file",
    "docs/a.txt": "",
    "docs/b/a.txt": "",
    "docs/c/a.txt": "",
    "p/deep/q/x": "",
    "#odd": "",
    "sp ace": "",
    case: "",
    "nested/.gitignore": "!*.log\nown\n",
    "nested/a.log": "",
    "nested/own": "",
    "nested/deeper/own": "",
    "nested/deeper/.gitignore": "!own\nkeep.log\r\n",
    "nested/deeper/keep.log": "",
  });
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: root, encoding: "utf8" });
  git("init", "--quiet");
  writeFileSync(join(root, ".git/info/exclude"), "docs/b\n");
  const shown = git("-c", "core.excludesFile=", "ls-files", "-z", "--others", "--exclude-standard");
  const expected = shown.split("\0").filter(Boolean).sort();
  expect(expected).toContain("nested/a.log");
  const { signal } = new AbortController();
  expect((await discover(root, { signal, out: "" })).files).toEqual(expected);
});
