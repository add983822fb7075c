/**
 * An event log without what no later run needs. Copies lines as they are and makes none, so that what was readable before
 * reads the same after. Knows which runs are needed; what they say is for `readEventLog`.
 */
import type { FileSystem } from "../reading/file-system.ts";
import type { CompletedLine } from "../reading/log-format.ts";
import { fileLines } from "../reading/log-lines.ts";
import { chainOf, type LoggedRun, LogRuns, parsedLine } from "../reading/log-runs.ts";
import { runsOf } from "../reading/read-event-log.ts";
import { logFile } from "./log-file.ts";
import { isLockLine, LogLock } from "./log-lock.ts";

export interface CompactedLog {
  /** Bytes of the file, before and after. */
  readonly before: number;
  readonly after: number;
  /** Runs that are in it no more. */
  readonly dropped: number;
}

/**
 * Keeps what a resume still needs: of each flow the last run, unless it completed, and of the runs that it took up what it
 * has not stored again. All else goes. `readEventLog()` of such a run gives the same report before and after.
 *
 * The file is replaced in one step: a process that is killed in the middle leaves it as it was, and a file beside it whose
 * name ends in `.compacting`, which the next one writes over. A log that does not exist is left so.
 *
 * @throws LogInUseError when another process, or `resumable()` in this one, has the log.
 * @throws Error when somebody writes to it meanwhile, or a file cannot be written: then the log is as it was.
 * @throws ReportFormatError when it is no event log, or a damaged one.
 *
 * @example
 * ```ts
 * import { copyFileSync } from "node:fs";
 * import { compactLog, eventLog } from "@astrum/reporters";
 *
 * eventLog("nightly.ndjson").close(); // made, or left as it is
 * copyFileSync("nightly.ndjson", "nightly.2026-11-28.ndjson"); // all of it, for those who ask later
 * const { before, after } = await compactLog("nightly.ndjson");
 * console.log(after <= before); // true
 * ```
 */
export async function compactLog(path: string | URL): Promise<CompactedLog> {
  const file = logFile("compactLog", path);
  const fs = process.getBuiltinModule("node:fs");
  const url = process.getBuiltinModule("node:url");
  if (!fs.existsSync(file)) return { before: 0, after: 0, dropped: 0 };
  const { size: before } = fs.statSync(file);
  const lock = LogLock.take(file);
  // Where a link leads to: the link stays one.
  const place = fs.realpathSync(file);
  const beside = `${place}.compacting`;
  try {
    const { size, mode } = fs.statSync(file);
    const lines = fileLines(fs, file, size);
    const runs = runsOf(lines);
    const kept = new Kept(runs);
    const after = write(fs, beside, mode, kept.of(lines));
    if (wasWritten(fs, file, size)) {
      throw new Error(
        `compactLog(): somebody writes to ${url.fileURLToPath(file)}: wait until that run has settled. The log is as it was.`,
      );
    }
    fs.renameSync(beside, place);
    return { before, after, dropped: runs.length - kept.runs };
  } catch (error) {
    discard(fs, beside);
    throw error;
  } finally {
    lock.release();
  }
}

/** By more than lines of those that were refused meanwhile; or it was cut short. */
function wasWritten(fs: FileSystem, file: URL, size: number): boolean {
  const fd = fs.openSync(file, "r");
  try {
    const more = fs.fstatSync(fd).size - size;
    if (more < 0) return true;
    const bytes = Buffer.alloc(more);
    const text = bytes.toString("utf8", 0, fs.readSync(fd, bytes, 0, bytes.length, size));
    return text.split("\n").some((line) => line !== "" && !isLockLine(line));
  } finally {
    fs.closeSync(fd);
  }
}

/** What was begun is of no use, least of all on a disk that is full. */
function discard(fs: FileSystem, beside: string): void {
  try {
    fs.rmSync(beside, { force: true });
  } catch {
    // Why it could not be written is what counts; the next one writes over it.
  }
}

/** Flushed to the disk: only then may it take the place of the other one. Its size. */
function write(fs: FileSystem, file: string, mode: number, lines: Iterable<string>): number {
  const fd = fs.openSync(file, "w", mode);
  try {
    // Whoever may write to the log still may: a new file has less than that of most processes.
    fs.fchmodSync(fd, mode);
    let size = 0;
    for (const line of lines) {
      const bytes = Buffer.from(`${line}\n`, "utf8");
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at);
      size += bytes.length;
    }
    fs.fsyncSync(fd);
    return size;
  } finally {
    fs.closeSync(fd);
  }
}

/** Which lines are needed. */
class Kept {
  /** By the place of a run: how far up its chain it is, and which chain that is; a run may be part of one only. */
  readonly #chains: Map<number, { readonly chain: Chain; readonly distance: number }> = new Map();

  constructor(runs: readonly LoggedRun[]) {
    const last = new Map<string | undefined, LoggedRun>();
    for (const run of runs) last.set(run.flow, run);
    for (const run of last.values()) {
      if (run.completed) continue;
      const chain = new Chain();
      for (const [distance, { place }] of chainOf(run, runs).entries()) {
        this.#chains.set(place, { chain, distance });
      }
    }
  }

  get runs(): number {
    return this.#chains.size;
  }

  *of(lines: Iterable<string>): Generator<string> {
    for (const line of this.#found(lines)) {
      const { chain, distance } = this.#chainOf(line);
      if (line.type === "completed") chain.stores(completedIn(line), distance);
    }
    for (const line of this.#found(lines)) {
      const { chain, distance } = this.#chainOf(line);
      const isStart = line.type === "run.start" || line.type === "started";
      if (distance === 0 || isStart || chain.needs(completedIn(line), distance)) yield line.raw;
    }
  }

  #chainOf({ run }: FoundLine): { readonly chain: Chain; readonly distance: number } {
    return this.#chains.get(run.place) as { readonly chain: Chain; readonly distance: number };
  }

  *#found(lines: Iterable<string>): Generator<FoundLine> {
    const runs = new LogRuns();
    let number = 0;
    for (const raw of lines) {
      const found = runs.find(raw, ++number);
      if (found !== undefined && this.#chains.has(found.run.place)) yield { ...found, raw, number };
    }
  }
}

interface FoundLine {
  readonly run: LoggedRun;
  readonly type: string;
  readonly raw: string;
  readonly number: number;
}

/** A run and those that it took up: which of them, the nearest first, stored a result last. */
class Chain {
  readonly #nearest: Map<string, number> = new Map();

  stores(line: CompletedLine | undefined, distance: number): void {
    if (line === undefined) return;
    const known = this.#nearest.get(line.task);
    if (known === undefined || distance < known) this.#nearest.set(line.task, distance);
  }

  /** As `readEventLog` reads it: items of a map that the last run stored as a whole are not needed. */
  needs(line: CompletedLine | undefined, distance: number): boolean {
    if (line === undefined || this.#nearest.get(line.task) !== distance) return false;
    return line.parent === undefined || this.#nearest.get(line.parent) !== 0;
  }
}

function completedIn({ type, raw, number }: FoundLine): CompletedLine | undefined {
  const line = type === "completed" ? parsedLine(raw, number) : undefined;
  return line?.type === "completed" ? line : undefined;
}
