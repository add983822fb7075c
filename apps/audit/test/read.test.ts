import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isPassing } from "../src/flaky-io.ts";
import { type Contents, largestFileBytes, type ReadFile, readForAudit } from "../src/read.ts";
import { temporaryTree } from "./temporary-tree.ts";
import { unprivileged } from "./unprivileged.ts";

const read = (root: string, path = "file", lastTry = false): Promise<ReadFile> =>
  readForAudit(root, path, new Map(), lastTry);
const contentOf = (content: string | Uint8Array): Promise<ReadFile> =>
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
  ])("%s", async (_, content, text) => {
    const contents: Contents = new Map();
    const file = await readForAudit(temporaryTree({ file: content }), "file", contents, false);
    const digest = createHash("sha256").update(content).digest("base64url");
    const bytes = Buffer.byteLength(content);
    expect(file).toEqual({ kind: "text", path: "file", bytes, digest });
    expect([...contents]).toEqual([[digest, text]]);
  });
});

test("a NUL byte near the start makes a file binary, whatever its size", async () => {
  const root = temporaryTree({ small: Buffer.of(1, 0, 2), large: "" });
  truncateSync(join(root, "large"), 5 * largestFileBytes);
  expect(await read(root, "small")).toEqual({ kind: "binary", path: "small", bytes: 3 });
  const bytes = 5 * largestFileBytes;
  expect(await read(root, "large")).toEqual({ kind: "binary", path: "large", bytes });
});

test("a binary file of a known format is named by its media type", async () => {
  const head = Buffer.from(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489",
    "hex",
  );
  const image = await contentOf(head);
  expect(image).toEqual({
    kind: "binary",
    path: "file",
    bytes: head.length,
    mediaType: "image/png",
  });
});

test("a text that is too large is told by its size and not read", async () => {
  const large = "x".repeat(largestFileBytes + 1);
  const contents: Contents = new Map();
  const file = await readForAudit(temporaryTree({ file: large }), "file", contents, false);
  expect(file).toEqual({ kind: "oversized", path: "file", bytes: large.length });
  expect(contents.size).toBe(0);
  expect(await contentOf(large.slice(1))).toMatchObject({ kind: "text" });
});

test("two gigabytes that are a hole in the file system are a binary file, of which only the head is read", async () => {
  const root = temporaryTree({ file: "" });
  const bytes = 2 * 1024 ** 3;
  truncateSync(join(root, "file"), bytes);
  expect(await read(root)).toEqual({ kind: "binary", path: "file", bytes });
});

describe("skipped, with the reason, is a file that", () => {
  const skipped = (reason: string): ReadFile => ({ kind: "skipped", path: "file", reason });

  test("vanished", async () => {
    const root = temporaryTree({ file: "x" });
    rmSync(join(root, "file"));
    expect(await read(root)).toEqual(skipped("the file vanished during the audit"));
  });

  test("may not be read", async () => {
    const root = temporaryTree({ file: "x" });
    chmodSync(root, 0o755);
    chmodSync(join(root, "file"), 0);
    const file = await unprivileged(() => read(root));
    expect(file).toEqual(skipped("no permission to read the file"));
  });

  test.each([
    ["a pipe", (path: string) => execFileSync("mkfifo", [path]), "not a regular file"],
    ["a folder", (path: string) => execFileSync("mkdir", [path]), "not a regular file"],
    ["a link to itself", (path: string) => symlinkSync("file", path), "ELOOP"],
  ])("became %s", async (_, become, reason) => {
    const root = temporaryTree();
    become(join(root, "file"));
    expect(await read(root)).toEqual(skipped(expect.stringContaining(reason)));
  });
});

test("a file that is being written is to be tried again, and skipped on the last try", async () => {
  const root = temporaryTree({ file: "x".repeat(100_000) });
  const forever = 'echo; while :; do printf x >> "$0"; done';
  const writer = spawn("sh", ["-c", forever, join(root, "file")]);
  try {
    await new Promise((started) => writer.stdout.once("data", started));
    const error = await firstRejection();
    expect(error).toMatchObject({ message: "it kept changing while it was read" });
    expect(isPassing(error)).toBe(true);
    expect(await firstSkip()).toMatchObject({ reason: "it kept changing while it was read" });
  } finally {
    writer.kill("SIGKILL");
  }

  async function firstRejection(): Promise<unknown> {
    try {
      for (;;) await read(root);
    } catch (error) {
      return error;
    }
  }

  async function firstSkip(): Promise<ReadFile> {
    for (;;) {
      const file = await read(root, "file", true);
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
