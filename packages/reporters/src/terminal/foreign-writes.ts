/**
 * Notices what others write to a terminal, so that a live block can step aside for it. It sees what goes through the
 * streams of this process; a child process that inherits the terminal writes past it.
 */
import process from "node:process";
import type { Sink, TerminalStream } from "./sink.ts";

export interface ForeignWrites {
  /** About to be written. */
  readonly before: () => void;
  /** Has been written; `endsLine` when the cursor is at the beginning of a line now. */
  readonly after: (endsLine: boolean) => void;
}

type Write = (this: unknown, ...args: unknown[]) => unknown;

/** From now on, until the function that it returns is called. */
export function noticeForeignWrites(sink: Sink, notice: ForeignWrites): () => void {
  const undo = streamsOnScreen(sink.stream).map((stream) => replaceWrite(stream, sink, notice));
  return () => {
    for (const one of undo) one();
  };
}

/** Both standard streams show on one screen, if both are terminals. */
function streamsOnScreen(stream: TerminalStream): TerminalStream[] {
  const standard: TerminalStream[] = [process.stdout, process.stderr];
  return standard.includes(stream) ? standard.filter(({ isTTY }) => isTTY) : [stream];
}

function replaceWrite(stream: TerminalStream, sink: Sink, notice: ForeignWrites): () => void {
  const own = Object.getOwnPropertyDescriptor(stream, "write");
  const original = stream.write as Write;
  let noticing = true;
  const write: Write = function (this: unknown, ...args) {
    if (!noticing || sink.writing) return original.apply(this, args);
    notice.before();
    try {
      return original.apply(this, args);
    } finally {
      notice.after(endsLine(args[0]));
    }
  };
  stream.write = write as TerminalStream["write"];
  return () => {
    noticing = false;
    // Somebody who came later may have wrapped ours: then it stays, and passes everything on.
    if (stream.write !== write) return;
    if (own === undefined) delete (stream as Partial<TerminalStream>).write;
    else Object.defineProperty(stream, "write", own);
  };
}

function endsLine(chunk: unknown): boolean {
  if (typeof chunk === "string") return chunk.endsWith("\n");
  return chunk instanceof Uint8Array && chunk.at(-1) === 0x0a;
}
