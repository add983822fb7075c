/**
 * Where the output goes: standard output, or a file that is whole or not there. A file is written beside its place and moved
 * into it, so that a full disk and Ctrl-C leave what was there before.
 */
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  closeSync,
  createWriteStream,
  existsSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { visible } from "../wording/visible.ts";
import type { TextSink } from "../writing/json.ts";
import { CommandError } from "./command-error.ts";
import { type Desk, PROGRAM } from "./desk.ts";
import { exit } from "./exit-code.ts";
import { fileAndRun } from "./source.ts";

/** @throws CommandError when the file cannot be written. */
export function put(text: string, out: string | undefined, desk: Desk): void {
  if (out === undefined || out === "-") {
    desk.stdout.write(text);
    return;
  }
  const place = placeOf(out);
  try {
    writeFileSync(place.writtenTo, text);
    place.done();
  } catch (error) {
    throw place.failed(error);
  }
}

/** The same for what is more than one text can hold. */
export async function putStream(
  write: (stream: TextSink) => Promise<void>,
  out: string | undefined,
  desk: Desk,
): Promise<void> {
  if (out === undefined || out === "-") {
    try {
      await write(desk.stdout as TextSink);
    } catch (error) {
      // Whoever started the program hears of its streams, and of a reader that went away nobody has to.
      if ((error as NodeJS.ErrnoException).syscall !== "write") throw error;
    }
    return;
  }
  const place = placeOf(out);
  try {
    const stream = createWriteStream(place.writtenTo);
    await write(stream);
    stream.end();
    await finished(stream);
    place.done();
  } catch (error) {
    throw place.failed(error);
  }
}

/** Adds to `problems` an output that is one of the files that are read. */
export function notAnInput(
  out: string | undefined,
  files: readonly string[],
  problems: string[],
): void {
  if (out === undefined || !existsSync(out)) return;
  const place = realpathSync(out);
  const read = files.map((file) => fileAndRun(file).path);
  if (read.some((path) => existsSync(path) && realpathSync(path) === place)) {
    problems.push(`"--out" is the file that is read, "${visible(out)}"; write to another one`);
  }
}

interface Place {
  readonly writtenTo: string;
  done(): void;
  failed(error: unknown): CommandError;
}

function placeOf(out: string): Place {
  const shown = `"${visible(out)}"`;
  const failed = (error: unknown): CommandError =>
    new CommandError(exit.unwritable, `Cannot write ${shown}: ${(error as Error).message}`, {
      cause: error,
    });
  const stat = statSync(out, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    throw new CommandError(
      exit.unwritable,
      `Cannot write ${shown}: it is a folder; name a file in it`,
    );
  }
  if (stat === undefined && !existsSync(dirname(out))) {
    throw new CommandError(
      exit.unwritable,
      `Cannot write ${shown}: there is no folder "${visible(dirname(out))}"`,
    );
  }
  // A pipe or a device is written into as it is.
  if (stat !== undefined && !stat.isFile()) return { writtenTo: out, done() {}, failed };
  const place = stat === undefined ? out : realpathSync(out);
  // Two programs may write to one place at once, and in two containers they may have the same process id.
  const beside = join(dirname(place), `.${PROGRAM}-${randomUUID()}.tmp`);
  // A file may be writable in a folder that is not.
  if (stat !== undefined && !canBeMade(beside)) return { writtenTo: place, done() {}, failed };
  return {
    writtenTo: beside,
    done() {
      // Who might read or write what was there before still may, and nobody else.
      if (stat !== undefined) chmodSync(beside, stat.mode);
      renameSync(beside, place);
    },
    failed(error) {
      rmSync(beside, { force: true });
      return failed(error);
    },
  };
}

function canBeMade(path: string): boolean {
  try {
    closeSync(openSync(path, "wx", 0o600));
    return true;
  } catch {
    return false;
  }
}
