/**
 * The lines of an event log of any size, read piece by piece. Knows files, texts and line breaks; what a line says is
 * `log-format`.
 */
import { type FileSystem, fileSystem } from "./file-system.ts";

/** Bytes that are read at once. */
const PIECE = 1 << 20;

/** Bytes of the longest line that can be a text in every runtime; no longer one was ever written. */
const LONGEST = 2 ** 29 - 25;

/** Bytes that are kept of what is no line, to tell what it is. */
const SHOWN = 2000;

const LINE_BREAK = 0x0a;
const BRACE = 0x7b;
/** The first byte of a byte order mark. */
const MARK = 0xef;

/**
 * The lines of a log, given as its text (whatever is empty, holds a line break or starts with `{`) or as the path of a file.
 * They can be gone through more than once, and are the same each time, though the file may grow meanwhile.
 *
 * @throws Error when there is no such file, and when a path is given in a runtime without files.
 */
export function logLines(pathOrText: string | URL): Iterable<string> {
  const isText =
    typeof pathOrText === "string" && (pathOrText === "" || /^\ufeff?\s*\{|\n/.test(pathOrText));
  if (isText) return { [Symbol.iterator]: () => textLines(pathOrText) };
  const fs = fileSystem("readEventLog() needs the text of the log in a runtime without files.");
  const stat = statOf(fs, pathOrText);
  if (stat.isFile()) return fileLines(fs, pathOrText, stat.size);
  // What comes from a pipe comes once.
  const text = fs.readFileSync(pathOrText, "utf8");
  return { [Symbol.iterator]: () => textLines(text) };
}

/** Errors of the file system name the call that failed; who made a mistake with a path wants to read what to do. */
function statOf(fs: FileSystem, path: string | URL): import("node:fs").Stats {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === false) return stat;
  const [code, message] =
    stat === undefined
      ? [
          "ENOENT",
          `There is no event log at ${shown(path)}: eventLog() makes the file, so open it first.`,
        ]
      : ["EISDIR", `${shown(path)} is a folder: readEventLog() takes the path of a file.`];
  throw Object.assign(new Error(message), { code, path: String(path) });
}

/** A text without line breaks was perhaps no path. */
function shown(path: string | URL): string {
  const text = String(path);
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 199)}…` : text);
}

function* textLines(text: string): Generator<string> {
  let from = 0;
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
    yield withoutMark(text.slice(from, end));
    from = end + 1;
  }
  if (from < text.length) yield withoutMark(text.slice(from));
}

/** The lines of the first `size` bytes of a file, read in pieces of so many bytes. */
export function fileLines(
  fs: FileSystem,
  path: string | URL,
  size: number,
  piece: number = PIECE,
): Iterable<string> {
  return { [Symbol.iterator]: () => linesOf(piecesOf(fs, path, size, piece)) };
}

function* piecesOf(
  fs: FileSystem,
  path: string | URL,
  size: number,
  piece: number,
): Generator<Buffer> {
  const fd = fs.openSync(path, "r");
  try {
    for (let at = 0; at < size; ) {
      const bytes = Buffer.allocUnsafe(Math.min(piece, size - at));
      const read = fs.readSync(fd, bytes, 0, bytes.length, at);
      if (read === 0) return; // It was cut short meanwhile.
      yield bytes.subarray(0, read);
      at += read;
    }
  } finally {
    fs.closeSync(fd);
  }
}

/** A line may lie in many pieces, and many lines in one. A byte of a line break is no part of another character. */
function* linesOf(pieces: Iterable<Buffer>): Generator<string> {
  let line = new OpenLine();
  for (const bytes of pieces) {
    let from = 0;
    for (let end = bytes.indexOf(LINE_BREAK); end !== -1; end = bytes.indexOf(LINE_BREAK, from)) {
      line.add(bytes.subarray(from, end));
      yield line.text;
      line = new OpenLine();
      from = end + 1;
    }
    line.add(bytes.subarray(from));
  }
  if (line.length > 0) yield line.text;
}

/** A line whose end has not been read. What can be no line of a log is not kept, be it as large as a disk. */
class OpenLine {
  length = 0;
  #kept: Buffer[] = [];
  #most = LONGEST;

  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.length === 0 && bytes[0] !== BRACE && bytes[0] !== MARK) this.#most = SHOWN;
    const room = this.#most - this.length;
    this.length += bytes.length;
    if (room > 0) this.#kept.push(bytes.subarray(0, room));
    if (this.length > LONGEST) this.#kept = [];
  }

  get text(): string {
    return withoutMark(Buffer.concat(this.#kept).toString("utf8"));
  }
}

/** Some editors and shells put a byte order mark before a text; joined files have it inside. */
function withoutMark(line: string): string {
  return line.charCodeAt(0) === 0xfeff ? line.slice(1) : line;
}
