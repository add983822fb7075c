import { execFileSync, spawn } from "node:child_process";
import { chmodSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isPassing } from "../src/flaky-io.ts";
import { largestFileBytes, type ReadFile, readForAudit } from "../src/read.ts";
import { temporaryTree } from "./temporary-tree.ts";
import { unprivileged } from "./unprivileged.ts";

const read = (root: string, path = "file", lastTry = false): ReadFile =>
  readForAudit(root, path, lastTry);
const contentOf = (content: string | Uint8Array): ReadFile =>
  read(temporaryTree({ file: content }));

describe("text is decoded:", () => {
  test.each([
    ["UTF-8", "a ü\n", "a ü\n"],
    ["UTF-8 with a byte order mark", "\uFEFFa", "a"],
    ["UTF-16, little endian", Buffer.from("\uFEFFa ü\n", "utf16le"), "a ü\n"],
    ["UTF-16, big endian", Buffer.from("\uFEFFa ü\n", "utf16le").swap16(), "a ü\n"],
    ["old 8-bit text, with its lines", Buffer.from("caf\u00e9\nb", "latin1"), "café\nb"],
    ["nothing", "", ""],
    ["more than the part that is looked at first", "a\n".repeat(50_000), "a\n".repeat(50_000)],
  ])("%s", (_, content, text) => {
    expect(contentOf(content)).toEqual({ kind: "text", text });
  });
});

test("a NUL byte near the start makes a file binary, whatever its size: of a hole of two gigabytes only the head is read", () => {
  expect(contentOf(Buffer.of(1, 0, 2))).toEqual({ kind: "binary" });
  const root = temporaryTree({ file: "" });
  truncateSync(join(root, "file"), 2 * 1024 ** 3);
  expect(read(root)).toEqual({ kind: "binary" });
});

describe("skipped, with the reason, is a file that", () => {
  const skipped = (reason: string): ReadFile => ({ kind: "skipped", reason });

  test("is larger than what a person writes", () => {
    const large = "x".repeat(largestFileBytes + 1);
    expect(contentOf(large)).toEqual(skipped("larger than 2 MiB"));
    expect(contentOf(large.slice(1))).toMatchObject({ kind: "text" });
  });

  test("vanished", () => {
    const root = temporaryTree({ file: "x" });
    rmSync(join(root, "file"));
    expect(read(root)).toEqual(skipped("the file vanished during the audit"));
  });

  test("may not be read", async () => {
    const root = temporaryTree({ file: "x" });
    chmodSync(root, 0o755);
    chmodSync(join(root, "file"), 0);
    const file = await unprivileged(async () => read(root));
    expect(file).toEqual(skipped("no permission to read the file"));
  });

  test.each([
    ["a pipe", (path: string) => execFileSync("mkfifo", [path]), "not a regular file"],
    ["a folder", (path: string) => execFileSync("mkdir", [path]), "not a regular file"],
    ["a link to itself", (path: string) => symlinkSync("file", path), "a symbolic link"],
    ["a link", (path: string) => symlinkSync("/etc/hosts", path), "a symbolic link, not followed"],
  ])("became %s", (_, become, reason) => {
    const root = temporaryTree();
    become(join(root, "file"));
    expect(read(root)).toEqual(skipped(expect.stringContaining(reason)));
  });
});

test("a file that is being written is to be tried again, and skipped on the last try", async () => {
  const root = temporaryTree({ file: "x".repeat(100_000) });
  const forever = 'echo; while :; do printf x >> "$0"; done';
  const writer = spawn("sh", ["-c", forever, join(root, "file")]);
  try {
    await new Promise((started) => writer.stdout.once("data", started));
    const error = firstRejection();
    expect(error).toMatchObject({ message: "it kept changing while it was read" });
    expect(isPassing(error)).toBe(true);
    expect(firstSkip()).toMatchObject({ reason: "it kept changing while it was read" });
  } finally {
    writer.kill("SIGKILL");
  }

  function firstRejection(): unknown {
    try {
      for (;;) read(root);
    } catch (error) {
      return error;
    }
  }

  function firstSkip(): ReadFile {
    for (;;) {
      const file = read(root, "file", true);
      if (file.kind === "skipped") return file;
    }
  }
});

test.each([
  ["EMFILE", true],
  ["ENFILE", true],
  ["EBUSY", true],
  ["EAGAIN", true],
  ["ENOENT", false],
  ["EACCES", false],
  ["EIO", false],
])("that %s passes by itself is %s", (code, expected) => {
  expect(isPassing(Object.assign(new Error(code), { code }))).toBe(expected);
});
