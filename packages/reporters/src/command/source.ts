/**
 * What a FILE of the command line is: a report or an event log, on disk or from standard input, and which run of it was
 * asked for. What it cannot be is said before anything of it is parsed. Knows no run.
 */
import { constants } from "node:buffer";
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { visible } from "../wording/visible.ts";
import { CommandError } from "./command-error.ts";
import { type Desk, tell } from "./desk.ts";
import { exit } from "./exit-code.ts";
import { didYouMean } from "./option-values.ts";

export interface Source {
  /** What it is called in messages: a path in quotes, or standard input. */
  readonly shown: string;
  /** As it was given, without the run. */
  readonly given: string;
  /** None for what is no file, and can be read once. */
  readonly path: string | undefined;
  /** The run that follows the `#`. */
  readonly run: string | undefined;
  readonly kind: "report" | "log";
  /** Of a log, what the reader of logs takes; of a report, its text. */
  readonly content: string | URL;
}

/** Bytes in which it is seen what it is. */
const HEAD = 65_536;

/** @throws CommandError for what is missing, cannot be read, or is neither. */
export async function sourceOf(given: string, desk: Desk): Promise<Source> {
  const { path, run } = fileAndRun(given);
  if (path === "-") return fromInput(run, desk);
  const shown = `"${visible(path)}"`;
  const { head, size, isFile } = opened(path, shown);
  const parted = { shown, given: path, run };
  if (isFile) {
    const kind = kindOf(head, shown);
    const content = kind === "log" ? pathToFileURL(path) : reportText(path, size, shown);
    return { ...parted, path, kind, content };
  }
  // What comes from a pipe comes once: its head is part of it.
  return { ...parted, path: undefined, ...fromBytes(head, shown) };
}

/** The name of a file and the id of a run may hold a `#`: the first beginning that is a file counts. */
export function fileAndRun(given: string): {
  readonly path: string;
  readonly run: string | undefined;
} {
  if (existsSync(given)) return { path: given, run: undefined };
  let last = -1;
  for (let at = given.indexOf("#", 1); at !== -1; at = given.indexOf("#", at + 1)) {
    last = at;
    const path = given.slice(0, at);
    if (path === "-" || existsSync(path)) break;
  }
  if (last === -1) return { path: given, run: undefined };
  return { path: given.slice(0, last), run: given.slice(last + 1) };
}

function opened(path: string, shown: string): { head: Buffer; size: number; isFile: boolean } {
  try {
    const fd = openSync(path, "r");
    try {
      const stat = fstatSync(fd);
      if (stat.isDirectory()) {
        throw new CommandError(
          exit.missing,
          `${shown} is a folder; give a report or an event log in it`,
        );
      }
      if (!stat.isFile()) return { head: wholeOf(fd, shown), size: 0, isFile: false };
      const bytes = Buffer.alloc(Math.min(HEAD, stat.size));
      const read = readSync(fd, bytes, 0, bytes.length, 0);
      return { head: bytes.subarray(0, read), size: stat.size, isFile: true };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const missing = code === "ENOENT" || code === "ENOTDIR";
    const text = missing
      ? `There is no file ${shown}${didYouMean(basename(path), besides(path))}`
      : `Cannot read ${shown}: ${message}`;
    throw new CommandError(exit.missing, text, { cause: error });
  }
}

/** Names in the folder that the path is in. */
function besides(path: string): string[] {
  try {
    return readdirSync(dirname(path));
  } catch {
    return []; // There is no such folder, either.
  }
}

function wholeOf(fd: number, shown: string): Buffer {
  try {
    return readFileSync(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_FS_FILE_TOO_LARGE") throw error;
    throw tooLarge(shown, error);
  }
}

async function fromInput(run: string | undefined, desk: Desk): Promise<Source> {
  const shown = "standard input";
  if (desk.stdin.isTTY === true) tell(desk, "reading standard input; Ctrl-D ends it");
  const bytes = await allOf(desk.stdin, shown);
  return { shown, given: "-", path: undefined, run, ...fromBytes(bytes, shown) };
}

async function allOf(stdin: Desk["stdin"], shown: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of stdin) {
      pieces.push(piece);
      size += piece.length;
      if (size > constants.MAX_STRING_LENGTH) throw tooLarge(shown);
    }
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    const problem = `Cannot read ${shown}: ${(cause as Error).message}`;
    throw new CommandError(exit.missing, problem, { cause });
  }
  return Buffer.concat(pieces);
}

function fromBytes(bytes: Buffer, shown: string): Pick<Source, "kind" | "content"> {
  const kind = kindOf(bytes.subarray(0, HEAD), shown);
  if (bytes.length > constants.MAX_STRING_LENGTH) throw tooLarge(shown);
  // The end of a log may be the first half of a character.
  return { kind, content: kind === "log" ? bytes.toString("utf8") : asUtf8(bytes, shown) };
}

function reportText(path: string, size: number, shown: string): string {
  if (size > constants.MAX_STRING_LENGTH) throw tooLarge(shown);
  return asUtf8(readFileSync(path), shown);
}

function tooLarge(shown: string, cause?: unknown): CommandError {
  const most = `${Math.floor(constants.MAX_STRING_LENGTH / 2 ** 20)} MiB`;
  const way = "an event log may be of any size when it is a file";
  return new CommandError(
    exit.data,
    `${shown} is larger than ${most}, which is the most that one text can hold; ${way}`,
    { cause },
  );
}

function asUtf8(bytes: Uint8Array, shown: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CommandError(exit.data, `${shown} is not UTF-8, as a report is`, { cause });
  }
}

/** @throws CommandError for what is neither. */
function kindOf(head: Buffer, shown: string): Source["kind"] {
  const strange = strangeness(head);
  if (strange !== undefined) throw new CommandError(exit.data, `${shown} ${strange}`);
  const text = head.toString("utf8");
  const lines = text.split("\n");
  // A log that was cut off in its first line, or whose first line is long.
  if (/^[\ufeff\0\s]*\{"v":/.test(text) || lines.some(isLogLine)) return "log";
  if (/^[\ufeff\s]*[[{]/.test(text)) return "report";
  throw new CommandError(
    exit.data,
    `${shown} is neither a report (JSON) nor an event log (ndjson): it begins with ${began(text)}`,
  );
}

function isLogLine(raw: string): boolean {
  if (!raw.startsWith("{")) return false;
  try {
    const { v, type } = JSON.parse(raw) as Record<string, unknown>;
    return typeof v === "number" && typeof type === "string";
  } catch {
    return false;
  }
}

/** What people give by mistake, with the way out. */
function strangeness(head: Buffer): string | undefined {
  if (head.length === 0) return "is empty: nothing of a run has been written to it";
  if (head[0] === 0x1f && head[1] === 0x8b) {
    return "is compressed; unpack it first, such as with gunzip -c FILE | astrum-report show -";
  }
  const mark = head.subarray(0, 2).toString("hex");
  if (mark === "fffe" || mark === "feff") return "is UTF-16; save it as UTF-8";
  if (head.every((byte) => byte === 0))
    return "holds nothing but zeros, as a crash of the machine leaves them";
  if (/^[\ufeff\s]*<!doctype html/i.test(head.toString("utf8"))) {
    return "is an HTML page; give the report or the event log that it was made of";
  }
  return undefined;
}

function began(text: string): string {
  return JSON.stringify(visible(text.trimStart().slice(0, 24)));
}
