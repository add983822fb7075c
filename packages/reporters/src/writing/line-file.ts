/**
 * A file of lines, each appended with one synchronous write. A line that was cut in two never takes the next one with it.
 * Knows bytes and what can become of them; what a line says is `live-log`.
 */

type FileSystem = typeof import("node:fs");

/** The part of `node:fs` that a log needs, found at run time: the formats work where there are no files. */
function fileSystem(): FileSystem {
  const fs = globalThis.process?.getBuiltinModule?.("node:fs");
  if (fs === undefined) throw new Error("eventLog() needs a runtime with files, such as Node.js.");
  return fs;
}

/** A reader that takes nothing for so long holds the thread no longer: no time limit gets through to a thread that is held. */
const PATIENCE_MS = 10_000;

export class LineFile {
  readonly #fs: FileSystem = fileSystem();
  readonly #patienceMs: number;
  readonly #fd: number;
  readonly #own: boolean;
  /** It ends inside of a line, or may do so. */
  #torn: boolean;
  /** The last write had no room in time: the next one is not waited for. */
  #stalled = false;
  #closed = false;

  /** Opens a file to append to, or takes an open descriptor. @throws Error when it cannot be opened. */
  constructor(pathOrFd: string | URL | number, patienceMs: number = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
    this.#own = typeof pathOrFd !== "number";
    this.#fd = typeof pathOrFd === "number" ? pathOrFd : this.#fs.openSync(pathOrFd, "a+");
    this.#torn = this.#endsInsideLine();
  }

  /** @throws Error when the line was not written whole. */
  append(line: string): void {
    if (this.#closed)
      throw new Error("The event log is closed: close it after the run has settled.");
    const text = this.#torn ? `\n${line}\n` : `${line}\n`;
    const bytes = Buffer.from(text, "utf8");
    let written = 0;
    try {
      while (written < bytes.length) written += this.#write(bytes, written);
    } finally {
      // Of a line that closes another one, the line break alone is whole.
      if (written > 0) this.#torn = bytes[written - 1] !== LINE_BREAK;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#own) this.#fs.closeSync(this.#fd);
  }

  #write(bytes: Buffer, from: number): number {
    for (let waitedMs = 0; ; waitedMs++) {
      try {
        const written = this.#fs.writeSync(this.#fd, bytes, from, bytes.length - from);
        this.#stalled = false;
        return written;
      } catch (error) {
        // A full pipe that does not block; a file never says so.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        if (this.#stalled || waitedMs >= this.#patienceMs) throw this.#stall(error);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
    }
  }

  #stall(cause: unknown): Error {
    this.#stalled = true;
    const seconds = this.#patienceMs / 1000;
    return new Error(
      `Whoever reads the event log has taken nothing for ${seconds} s: the line was not written whole.`,
      { cause },
    );
  }

  #endsInsideLine(): boolean {
    const stat = this.#fs.fstatSync(this.#fd);
    if (!stat.isFile() || stat.size === 0) return false;
    const last = Buffer.alloc(1);
    try {
      this.#fs.readSync(this.#fd, last, 0, 1, stat.size - 1);
    } catch {
      return true; // A descriptor that only writes. A line break too many does no harm.
    }
    return last[0] !== LINE_BREAK;
  }
}

const LINE_BREAK = 0x0a;
