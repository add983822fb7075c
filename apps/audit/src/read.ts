/**
 * Reads one file for analysis: text, binary, or a skip with its reason. Tells a moment's trouble (worth another try)
 * from a lasting one; how often and when to try again is the caller's.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { fileTypeFromBuffer } from "file-type";
import { reasonOf } from "./discover.ts";
import { isPassing } from "./flaky-io.ts";

export interface TextFile {
  readonly kind: "text";
  readonly path: string;
  readonly bytes: number;
  /** Of its bytes: the same digest is the same text. */
  readonly digest: string;
}

interface BinaryFile {
  readonly kind: "binary";
  readonly path: string;
  readonly bytes: number;
  /** Its media type, where its first bytes tell it. */
  readonly mediaType?: string;
}

/** What is known of a file once it was read. Its text is not part of it: see `Contents`. */
export type ReadFile =
  | TextFile
  | BinaryFile
  | { readonly kind: "oversized"; readonly path: string; readonly bytes: number }
  | { readonly kind: "skipped"; readonly path: string; readonly reason: string };

/**
 * Texts by digest, decoded and without byte order mark. They are no part of what tasks give and take: that goes into
 * reports and journals, and what a file holds may be large and may be secret.
 */
export type Contents = Map<string, string>;

/** Larger files are generated or data; reading them costs memory and says nothing about the sources. */
export const largestFileBytes: number = 2 * 1024 * 1024;

/** Where git looks for a NUL byte to call a file binary. */
const headBytes = 8000;

/** A pipe that took the file's place must not block; where the system has no such flag it is 0. */
const readOnly = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Size or modification time moved between the first and the last byte. */
class ChangedWhileReading extends Error {
  readonly code = "ECHANGED";
}

/**
 * Adds the text of a text file to `contents`. Rejects while trying again may help, and with the system's error when the
 * machine has no file handle left: what could not be read then is a failure of the audit, not a property of the file. On
 * the last try a file that is still held or still changing is a skip.
 */
export async function readForAudit(
  root: string,
  path: string,
  contents: Contents,
  lastTry: boolean,
): Promise<ReadFile> {
  try {
    return await readOnce(resolve(root, path), path, contents);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EMFILE" || code === "ENFILE" || (isPassing(error) && !lastTry)) throw error;
    return { kind: "skipped", path, reason: reasonOf(error, "file") };
  }
}

async function readOnce(absolute: string, path: string, contents: Contents): Promise<ReadFile> {
  const file = await open(absolute, readOnly);
  try {
    const before = await file.stat();
    if (!before.isFile()) return { kind: "skipped", path, reason: "not a regular file" };
    const head = await readUpTo(file, Math.min(headBytes, before.size));
    const encoding = encodingOf(head);
    if (encoding === undefined) return binary(path, before.size, head);
    if (before.size > largestFileBytes) return { kind: "oversized", path, bytes: before.size };
    const bytes = before.size > head.length ? await readUpTo(file, before.size) : head;
    const after = await file.stat();
    if (bytes.length !== after.size || before.mtimeMs !== after.mtimeMs) {
      throw new ChangedWhileReading("it kept changing while it was read");
    }
    const digest = createHash("sha256").update(bytes).digest("base64url");
    contents.set(digest, decode(bytes, encoding));
    return { kind: "text", path, bytes: bytes.length, digest };
  } finally {
    await file.close();
  }
}

async function binary(path: string, bytes: number, head: Buffer): Promise<BinaryFile> {
  const type = await fileTypeFromBuffer(head);
  return { kind: "binary", path, bytes, ...(type && { mediaType: type.mime }) };
}

async function readUpTo(file: FileHandle, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

type Encoding = "utf-8" | "utf-16le" | "utf-16be";

/** By byte order mark, else UTF-8; `undefined` is binary. */
function encodingOf(head: Buffer): Encoding | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  return head.includes(0) ? undefined : "utf-8";
}

/** Old 8-bit text keeps its lines when read as Latin-1, and lines are all that findings need of it. */
function decode(bytes: Buffer, encoding: Encoding): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString("latin1");
  }
}

export function textFiles(files: readonly ReadFile[]): TextFile[] {
  return files.filter((file) => file.kind === "text");
}
