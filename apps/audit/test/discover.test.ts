import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Discovery, discover } from "../src/discover.ts";
import { temporaryTree } from "./temporary-tree.ts";
import { unprivileged } from "./unprivileged.ts";

const { signal } = new AbortController();
const find = (root: string, out = ""): Promise<Discovery> => discover(root, { signal, out });
const filesIn = async (root: string): Promise<readonly string[]> => (await find(root)).files;

test("files are listed by code unit, with the folders on the way", async () => {
  const root = temporaryTree({ "b/c.txt": "", "a.txt": "", "B.txt": "", ".hid/x": "", "é/ü": "" });
  expect(await find(root)).toEqual({
    files: [".hid/x", "B.txt", "a.txt", "b/c.txt", "é/ü"],
    repository: false,
    places: ["", ".hid", "b", "é"],
    ignoreFiles: [],
    prefix: "",
    skipped: [],
  });
});

test("an empty folder has no files", async () => {
  const files = { files: [], places: [""], ignoreFiles: [], prefix: "", skipped: [] };
  const nothing = { ...files, repository: false };
  expect(await find(temporaryTree())).toEqual(nothing);
});

describe("left out are", () => {
  test("what version control and package tools keep, and the folder the audit writes to", async () => {
    const root = temporaryTree({
      ".git/config": "",
      "a/node_modules/b/c.js": "",
      "a/.astrum-audit/findings.json": "",
      "reports/findings.json": "",
      "a/reports/x": "",
      node_modules: "a file of that name is a file",
    });
    const { files } = await find(root, join(root, "reports"));
    expect(files).toEqual(["a/reports/x", "node_modules"]);
  });

  test("what .gitignore files name, the nearest one deciding", async () => {
    const root = temporaryTree({
      ".gitignore": "\uFEFF*.log\n/top\nCase\n",
      "a.log": "",
      top: "",
      "a/top": "",
      case: "",
      "a/.gitignore": "!*.log\r\n",
      "a/b/b.log": "",
      "a/b/.gitignore": "c/\n",
      "a/b/c/x": "",
    });
    expect(await filesIn(root)).toEqual([
      ".gitignore",
      "a/.gitignore",
      "a/b/.gitignore",
      "a/b/b.log",
      "a/top",
      "case",
    ]);
  });

  test("what .astrumauditignore names, which wins over .gitignore", async () => {
    const root = temporaryTree({
      ".gitignore": "generated\n",
      ".astrumauditignore": "!generated\nfixtures/\n",
      generated: "",
      "fixtures/x": "",
      "a/fixtures/x": "",
    });
    expect(await filesIn(root)).toEqual([".astrumauditignore", ".gitignore", "generated"]);
  });

  test("in a part of a repository, what the folders above leave out there", async () => {
    const root = temporaryTree({
      ".git/info/exclude": "private\n",
      ".gitignore": "*.log\n/a/b/anchored\n",
      "a/.gitignore": "!x.log\n",
      "a/b/x.log": "",
      "a/b/y.log": "",
      "a/b/anchored": "",
      "a/b/private": "",
      "a/b/c": "",
    });
    expect(await filesIn(join(root, "a/b"))).toEqual(["c", "x.log"]);
  });

  test("in a worktree and in a submodule, what git's own files leave out there, and the file that leads to them", async () => {
    const root = temporaryTree({ "main/a": "", "module/b": "" });
    const git = (cwd: string, ...args: string[]) => {
      const who = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
      const local = ["-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"];
      execFileSync("git", [...who, ...local, ...args], { cwd: join(root, cwd), stdio: "ignore" });
    };
    for (const folder of ["main", "module"]) {
      git(folder, "init", "-q");
      git(folder, "add", ".");
      git(folder, "commit", "-q", "-m", "one");
    }
    git("main", "worktree", "add", "-q", "../tree");
    git("main", "submodule", "--quiet", "add", "../module", "inner");
    writeFileSync(join(root, "main/.git/info/exclude"), "private\n");
    writeFileSync(join(root, "main/.git/modules/inner/info/exclude"), "private\n");
    for (const [folder, files] of [
      ["tree", ["a"]],
      ["main/inner", ["b"]],
    ] as const) {
      writeFileSync(join(root, folder, "private"), "");
      expect(await filesIn(join(root, folder))).toEqual(files);
    }
  });

  test("in a folder that is itself left out, nothing, since it was asked for", async () => {
    const files = { ".git/HEAD": "", ".gitignore": "dist/\n*.log\n" };
    const root = temporaryTree({ ...files, "dist/a.js": "", "dist/a.log": "" });
    expect(await filesIn(join(root, "dist"))).toEqual(["a.js", "a.log"]);
  });
});

describe("skipped, with the reason, are", () => {
  test("symbolic links: to files, folders, parents, themselves and nothing", async () => {
    const root = temporaryTree({ "a/file": "" });
    const link = (target: string, path: string): void => symlinkSync(target, join(root, path));
    link("a/file", "to-file");
    link("a", "to-folder");
    link("..", "a/to-parent");
    link("to-itself", "to-itself");
    link("gone", "to-nothing");
    expect(await find(root)).toEqual({
      files: ["a/file"],
      ignoreFiles: [],
      prefix: "",
      repository: false,
      places: ["", "a", "a/to-parent", "to-file", "to-folder", "to-itself", "to-nothing"],
      skipped: [
        { path: "a/to-parent", reason: "a symbolic link, not followed" },
        { path: "to-file", reason: "a symbolic link, not followed" },
        { path: "to-folder", reason: "a symbolic link, not followed" },
        { path: "to-itself", reason: "a symbolic link that leads back to itself" },
        { path: "to-nothing", reason: "a symbolic link to nothing" },
      ],
    });
  });

  test("names that are not UTF-8, and pipes", async () => {
    const root = temporaryTree({ "a/b": "" });
    writeFileSync(Buffer.concat([Buffer.from(join(root, "a/caf")), Buffer.of(0xe9)]), "");
    execFileSync("mkfifo", [join(root, "pipe")]);
    expect(await find(root)).toMatchObject({
      files: ["a/b"],
      skipped: [
        { path: "a/caf\\xe9", reason: "its name is not valid UTF-8" },
        { path: "pipe", reason: "not a regular file" },
      ],
    });
  });

  test("folders and ignore files that may not be read", async () => {
    const root = temporaryTree({ "closed/x": "", "open/.gitignore": "x\n", "open/x": "" });
    chmodSync(root, 0o755);
    chmodSync(join(root, "closed"), 0);
    chmodSync(join(root, "open/.gitignore"), 0);
    const { files, skipped } = await unprivileged(() => find(root));
    chmodSync(join(root, "closed"), 0o755);
    expect(files).toEqual(["open/.gitignore", "open/x"]);
    expect(skipped).toEqual([
      { path: "closed", reason: "no permission to read the folder" },
      { path: "open/.gitignore", reason: "its rules do not apply: no permission to read the file" },
    ]);
  });
});

test("ignore files above the folder that may not be read are skipped as well, with the reason", async () => {
  const root = temporaryTree({ ".git/HEAD": "", ".gitignore": "x\n", "a/b": "" });
  chmodSync(root, 0o755);
  chmodSync(join(root, ".gitignore"), 0);
  const { files, skipped } = await unprivileged(() => find(join(root, "a")));
  expect(files).toEqual(["b"]);
  expect(skipped).toEqual([
    { path: "../.gitignore", reason: "its rules do not apply: no permission to read the file" },
  ]);
});

test("a tree of a thousand levels is walked", async () => {
  const root = temporaryTree();
  const deep = Array.from({ length: 1000 }, () => "d").join("/");
  mkdirSync(join(root, deep), { recursive: true });
  writeFileSync(join(root, deep, "x"), "");
  expect(await filesIn(root)).toEqual([`${deep}/x`]);
});

test("an aborted signal ends the walk with its reason", async () => {
  const reason = new Error("enough");
  const walk = discover(temporaryTree(), { signal: AbortSignal.abort(reason), out: "" });
  await expect(walk).rejects.toBe(reason);
});
