/**
 * One program at a time on an event log, across processes. Whoever wants a log writes a line into it; the first such line
 * whose writer lives and has not left counts, so that whoever comes second cannot take it away, and a killed process leaves
 * nothing that a person must remove. Knows processes and lines of its own; the runs in the log are `readEventLog`'s.
 */
import type { FileSystem } from "../reading/file-system.ts";
import { fileLines } from "../reading/log-lines.ts";
import { LineFile } from "../writing/line-file.ts";

type Stats = import("node:fs").Stats;

/** A process on another machine cannot be looked at. It says that it lives, by the time at which the file was changed. */
const BEAT_MS = 10_000;
const SILENT_MS = 60_000;

/** Another program, or another part of this one, is using the event log. */
export class LogInUseError extends Error {
  readonly code = "ASTRUM_LOG_IN_USE";
  /** The process that has it. */
  readonly pid: number;
  /** The name of its machine. */
  readonly host: string;

  constructor(message: string, { pid, host }: Pick<Claim, "pid" | "host">) {
    super(message);
    this.name = "LogInUseError";
    this.pid = pid;
    this.host = host;
  }
}

interface Claim {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** When the process began, as its system counts: another process may have been given its number. */
  readonly begun?: string;
  readonly at: number;
}

/** Where to look for these, all at run time: the formats work where there are no files. */
interface Surroundings {
  readonly fs: FileSystem;
  readonly pathOf: (file: URL) => string;
  readonly pid: number;
  readonly host: string;
}

/** Tokens of this process: of locks that it has, and of those that it left and could not say so. */
const HELD = Symbol.for("astrum.log-locks");
const LEFT = Symbol.for("astrum.log-locks.left");

/** Two copies of the package know each other's. */
function tokens(kept: typeof HELD | typeof LEFT): Set<string> {
  const place = globalThis as { [HELD]?: Set<string>; [LEFT]?: Set<string> };
  const known = place[kept] ?? new Set<string>();
  place[kept] = known;
  return known;
}

export class LogLock {
  readonly #file: LineFile;
  readonly #token: string;
  readonly #beat: NodeJS.Timeout;
  #released = false;

  private constructor(file: LineFile, token: string, beat: NodeJS.Timeout) {
    this.#file = file;
    this.#token = token;
    this.#beat = beat;
  }

  /**
   * Makes the file when it is missing.
   *
   * @throws LogInUseError when somebody has it.
   * @throws Error when the file cannot be opened or written.
   */
  static take(path: URL): LogLock {
    const here = surroundings();
    const { fs, pid, host } = here;
    for (;;) {
      const before = fs.statSync(path, { throwIfNoEntry: false });
      const file = new LineFile(path);
      const token = globalThis.crypto.randomUUID();
      const { begun } = processOf(fs, pid) ?? {};
      const claim = { token, pid, host, begun, at: Date.now() };
      const line = JSON.stringify({ v: 1, type: "lock", ...claim });
      try {
        file.append(line);
        const { size, mtimeMs: now } = fs.statSync(path);
        const claims = claimsIn(fileLines(fs, path, size));
        // Somebody put another file into its place meanwhile.
        if (!claims.has(token)) {
          file.close();
          continue;
        }
        const silent = silentSince(path, before, now, fs);
        const gone: string[] = [];
        for (const other of claims.values()) {
          if (other.token === token) break;
          if (lives(other, here, silent)) throw inUse(path, other, here);
          gone.push(unlock(other.token));
        }
        // What this process writes from now on is no sign of life of theirs.
        if (gone.length > 0) file.append(gone.join("\n"));
      } catch (error) {
        leave(file, token);
        if (before !== undefined) forget(path, before, [line, unlock(token)], fs);
        throw error;
      }
      tokens(HELD).add(token);
      const beat = setInterval(() => touch(fs, path, new Date()), BEAT_MS);
      beat.unref();
      return new LogLock(file, token, beat);
    }
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#beat);
    tokens(HELD).delete(this.#token);
    leave(this.#file, this.#token);
  }
}

/** `logFile` has seen that this runtime has files. */
function surroundings(): Surroundings {
  return {
    fs: process.getBuiltinModule("node:fs"),
    pathOf: process.getBuiltinModule("node:url").fileURLToPath,
    pid: process.pid,
    host: process.getBuiltinModule("node:os").hostname(),
  };
}

/** Who has a log at the moment, for those who only read it: nothing is taken or left. */
export function writerOf(path: URL): Pick<Claim, "pid" | "host"> | undefined {
  const here = surroundings();
  const { size, mtimeMs } = here.fs.statSync(path);
  const silent = (): boolean => Date.now() - mtimeMs >= SILENT_MS;
  const claims = Array.from(claimsIn(fileLines(here.fs, path, size)).values());
  return claims.find((claim) => lives(claim, here, silent));
}

/** A process that ends without it costs nothing: whoever comes next finds it gone. One that goes on must know it itself. */
function leave(file: LineFile, token: string): void {
  try {
    file.append(unlock(token));
  } catch {
    // A disk that is full.
    tokens(LEFT).add(token);
  }
  file.close();
}

function unlock(token: string): string {
  return JSON.stringify({ v: 1, type: "unlock", token });
}

/**
 * The file says again when it was changed before: asking again and again would be a sign of life of one that is gone. Not when
 * anybody else has written to it meanwhile.
 */
function forget(path: URL, before: Stats, own: readonly string[], fs: FileSystem): void {
  const bytes = own.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  const size = fs.statSync(path, { throwIfNoEntry: false })?.size;
  if (size === before.size + bytes) touch(fs, path, before.mtime);
}

function touch(fs: FileSystem, path: URL, at: Date): void {
  try {
    fs.utimesSync(path, at, at);
  } catch {
    // It was removed, or belongs to somebody else: then only processes of this machine see that it is in use.
  }
}

/** Whether it is one of those that this file writes, and not a run's. */
export function isLockLine(raw: string): boolean {
  return /^\{"v":1,"type":"(un)?lock"/.test(raw);
}

/** In the order in which they were written, without those that were left. What is no such line is let pass. */
function claimsIn(lines: Iterable<string>): Map<string, Claim> {
  const claims = new Map<string, Claim>();
  for (const raw of lines) {
    if (!isLockLine(raw)) continue;
    let line: Partial<Claim> & { readonly type?: unknown };
    try {
      line = JSON.parse(raw) as typeof line;
    } catch {
      continue;
    }
    const { type, token, pid, host } = line;
    if (typeof token !== "string") continue;
    if (type === "unlock") claims.delete(token);
    else if (Number.isSafeInteger(pid) && (pid as number) > 0 && typeof host === "string") {
      claims.set(token, line as Claim);
    }
  }
  return claims;
}

/** Whether nobody has changed the file for too long since a line was written into it; by the clock of its file system. */
function silentSince(
  path: URL,
  before: Stats | undefined,
  now: number,
  fs: FileSystem,
): (claim: Claim) => boolean {
  if (before === undefined || now - before.mtimeMs < SILENT_MS) return () => false;
  let old: ReadonlyMap<string, Claim> | undefined;
  return ({ token }) => {
    // Who came after that look at the file is not silent.
    old ??= claimsIn(fileLines(fs, path, before.size));
    return old.has(token);
  };
}

function lives(
  claim: Claim,
  { fs, pid, host }: Surroundings,
  silent: (claim: Claim) => boolean,
): boolean {
  if (claim.host !== host) return !silent(claim);
  if (tokens(LEFT).has(claim.token)) return false;
  if (claim.pid === pid && tokens(HELD).has(claim.token)) return true;
  const known = processOf(fs, claim.pid);
  if (known?.ended) return false;
  if (known !== undefined && claim.begun !== undefined) return known.begun === claim.begun;
  // The first process of a container that was started again has the number of the one before it.
  if (claim.pid === pid) return false;
  try {
    process.kill(claim.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether it has ended and nobody has asked for its code yet, and its beginning, in ticks of its system. Linux alone tells. */
function processOf(
  fs: FileSystem,
  pid: number,
): { readonly ended: boolean; readonly begun: string | undefined } | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program is in brackets, and may hold any.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { ended: fields[0] === "Z" || fields[0] === "X", begun: fields[19] };
  } catch {
    return undefined;
  }
}

function inUse(path: URL, claim: Claim, { pid, host, pathOf }: Surroundings): LogInUseError {
  const { pid: other, host: where } = claim;
  const here = where === host;
  const who =
    here && other === pid
      ? "this program has taken it up already"
      : `process ${other} ${here ? "" : `on the machine "${where}" `}is using it`;
  const way = here
    ? "Wait until that has closed it, or use a log of its own."
    : `Wait until that has closed it, or use a log of its own. When that machine is gone, try again in ${SILENT_MS / 1000} s.`;
  const text = `The event log ${pathOf(path)} is in use: ${who}, and the same run must not be taken up twice. ${way}`;
  return new LogInUseError(text, claim);
}
