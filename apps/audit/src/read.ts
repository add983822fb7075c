/**
 * Reads one file for analysis: text, binary, or a skip with its reason. Tells a moment's trouble (worth another try)
 * from a lasting one; how often and when to try again is the caller's.
 *
 * Synchronous: whoever reads goes on to parse, which holds up its thread for longer, and five turns of the event loop for
 * a file cost more than the file.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { resolve } from "node:path";
import { reasonOf } from "./discover.ts";
import { isPassing } from "./flaky-io.ts";

export type ReadFile =
  | { readonly kind: "text" /** Decoded, without byte order mark. */; readonly text: string }
  | { readonly kind: "binary" }
  | { readonly kind: "skipped"; readonly reason: string };

/** Larger files are generated or data; reading them costs memory and says nothing about the sources. */
export const largestFileBytes: number = 2 * 1024 * 1024;

/** Where git looks for a NUL byte to call a file binary. */
const headBytes = 8000;

/** A pipe or a link that took the file's place must not block or lead elsewhere; where a system has no such flag it is 0. */
const readOnly = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** Size or modification time moved between the first and the last byte. */
class ChangedWhileReading extends Error {
  readonly code = "ECHANGED";
}

/**
 * Throws while trying again may help, and the system's error when the machine has no file handle left: what could not be
 * read then is a failure of the audit, not a property of the file. On the last try a file that is still held or still
 * changing is a skip.
 */
export function readForAudit(root: string, path: string, lastTry: boolean): ReadFile {
  try {
    return readOnce(resolve(root, path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EMFILE" || code === "ENFILE" || (isPassing(error) && !lastTry)) throw error;
    return { kind: "skipped", reason: reasonOf(error, "file") };
  }
}

function readOnce(absolute: string): ReadFile {
  const file = openSync(absolute, readOnly);
  try {
    const before = fstatSync(file);
    if (!before.isFile()) return { kind: "skipped", reason: "not a regular file" };
    const head = readUpTo(file, Math.min(headBytes, before.size));
    const encoding = encodingOf(head);
    if (encoding === undefined) return { kind: "binary" };
    if (before.size > largestFileBytes) {
      return { kind: "skipped", reason: `larger than ${largestFileBytes / 1024 / 1024} MiB` };
    }
    const bytes = before.size > head.length ? readUpTo(file, before.size) : head;
    if (hasChanged(before, fstatSync(file), bytes.length)) {
      throw new ChangedWhileReading("it kept changing while it was read");
    }
    return { kind: "text", text: decode(bytes, encoding) };
  } finally {
    closeSync(file);
  }
}

function hasChanged(before: Stats, after: Stats, bytes: number): boolean {
  return bytes !== after.size || before.mtimeMs !== after.mtimeMs;
}

function readUpTo(file: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const bytesRead = readSync(file, buffer, filled, length - filled, filled);
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
