/**
 * A file of lines. One that must be there at once is appended with one synchronous write, which takes along all that was
 * gathered before it; what is gathered goes out at the end of the turn at the latest. A line that was cut in two never takes
 * the next one with it. Knows bytes and what can become of them; what a line says is `live-log`.
 */
import { type FileSystem, fileSystem } from "../reading/file-system.ts";

/** A reader that takes nothing for so long holds the thread no longer: no time limit gets through to a thread that is held. */
const PATIENCE_MS = 10_000;

/** So much is gathered in one turn; then it is written, and gathering begins anew. */
const MOST_GATHERED = 64 * 1024;

/** Files with lines that are not written yet: an exit of the process in the middle of a turn writes them. */
const unwritten = new Set<LineFile>();
let writesAtExit = false;

export class LineFile {
  readonly #fs: FileSystem = fileSystem("eventLog() needs a runtime with files, such as Node.js.");
  readonly #patienceMs: number;
  readonly #fd: number;
  readonly #own: boolean;
  /** It ends inside of a line, or may do so. */
  #torn: boolean;
  /** The last write had no room in time: the next one is not waited for. */
  #stalled = false;
  #closed = false;
  /** Lines that were gathered, each with its line break. */
  #gathered = "";
  /** What the end of a turn could not write: nobody was there to be told. */
  #untold: { readonly error: unknown } | undefined;
  #turn: NodeJS.Immediate | undefined;

  /** Opens a file to append to, or takes an open descriptor. @throws Error when it cannot be opened. */
  constructor(pathOrFd: string | URL | number, patienceMs: number = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
    this.#own = typeof pathOrFd !== "number";
    this.#fd = typeof pathOrFd === "number" ? pathOrFd : this.#fs.openSync(pathOrFd, "a+");
    this.#torn = this.#endsInsideLine();
  }

  /**
   * The line, and all that was gathered before it, is in the file when this returns.
   *
   * @throws Error when that was not written whole. What was not is lost: it is not tried again.
   */
  append(line: string): void {
    this.#mustBeOpen();
    const gathered = this.#taken();
    this.#put(`${gathered}${line}\n`);
  }

  /**
   * The line goes out with the next one that is appended, at the end of the turn, or when there are 64 KiB of them.
   *
   * @throws Error when the end of an earlier turn could not write what was gathered in it, or this write fails.
   */
  gather(line: string): void {
    this.#mustBeOpen();
    this.#gathered += `${line}\n`;
    if (this.#gathered.length >= MOST_GATHERED) this.#put(this.#taken());
    else this.#writeLater();
    const untold = this.#untold;
    this.#untold = undefined;
    if (untold !== undefined) throw untold.error;
  }

  #mustBeOpen(): void {
    if (this.#closed)
      throw new Error("The event log is closed: close it after the run has settled.");
  }

  #writeLater(): void {
    if (this.#turn !== undefined) return;
    this.#turn = setImmediate(() => this.#endTurn());
    unwritten.add(this);
    if (writesAtExit) return;
    writesAtExit = true;
    process.on("exit", () => {
      for (const file of unwritten) file.#endTurn();
    });
  }

  /** Writes what was gathered. An error has no caller: it is told with the next line that is gathered. */
  #endTurn(): void {
    try {
      const gathered = this.#taken();
      if (gathered !== "") this.#put(gathered);
    } catch (error) {
      this.#untold = { error };
    }
  }

  #taken(): string {
    const gathered = this.#gathered;
    this.#gathered = "";
    if (this.#turn !== undefined) {
      clearImmediate(this.#turn);
      this.#turn = undefined;
      unwritten.delete(this);
    }
    return gathered;
  }

  #put(lines: string): void {
    const bytes = Buffer.from(this.#torn ? `\n${lines}` : lines, "utf8");
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
    this.#endTurn();
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
