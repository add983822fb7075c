/**
 * A stream that may go away: once its reader has (`| head -1`, a closed terminal), writing to it does nothing, and nobody
 * hears of it. Knows no terminals.
 */
import { fits, type Rule } from "astrum-options";

/** As much of a Node.js stream as is needed: `process.stderr`, `process.stdout`, or one of your own. */
export interface TerminalStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly writableNeedDrain?: boolean | undefined;
  write(text: string): unknown;
  on?(event: "error" | "resize", listener: (error: Error) => void): unknown;
  off?(event: "error" | "resize", listener: (error: Error) => void): unknown;
  listenerCount?(event: "error"): number;
}

/** The rule for an option that is a stream. */
export const writableStream: Rule = fits(
  "a writable stream, such as process.stderr",
  (value) => typeof (value as Partial<TerminalStream> | null)?.write === "function",
);

export class Sink {
  readonly stream: TerminalStream;
  #gone = false;
  #writing = false;

  private constructor(stream: TerminalStream) {
    this.stream = stream;
    // For good: the error comes after the write, and it may come after the run.
    stream.on?.("error", (error) => {
      this.#gone = true;
      const { code } = error as NodeJS.ErrnoException;
      const heard = (stream.listenerCount?.("error") ?? 1) > 1;
      if (code !== "EPIPE" && !heard) throw error;
    });
  }

  static readonly #sinks: WeakMap<TerminalStream, Sink> = new WeakMap();

  /** One for each stream, however many ask. */
  static of(stream: TerminalStream): Sink {
    let sink = Sink.#sinks.get(stream);
    if (sink === undefined) {
      sink = new Sink(stream);
      Sink.#sinks.set(stream, sink);
    }
    return sink;
  }

  /** Of the terminal; one whose size nobody has set says 0 by 0, and counts as one of the usual size. */
  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.stream.columns || 80, rows: this.stream.rows || 24 };
  }

  /** It is this sink that writes at the moment, and nobody else. */
  get writing(): boolean {
    return this.#writing;
  }

  /** There is no use in writing now: nobody reads, or nobody has read what was written before. */
  get stuck(): boolean {
    return this.#gone || this.stream.writableNeedDrain === true;
  }

  write(text: string): void {
    if (this.#gone || text === "") return;
    this.#writing = true;
    try {
      this.stream.write(text);
    } finally {
      this.#writing = false;
    }
  }
}
