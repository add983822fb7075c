/**
 * Notices what others write to a terminal, and lets a live block put something before and after it in the same write. It sees
 * what goes through the streams of this process; a child process that inherits the terminal writes past it.
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import type { Sink, TerminalStream } from "./sink.ts";

/** What is to stand before and after a text that somebody writes. */
export type Around = (text: string) => readonly [before: string, after: string];

type Write = (this: unknown, ...args: unknown[]) => unknown;

/** From now on, until the function that it returns is called. */
export function noticeForeignWrites(sink: Sink, around: Around): () => void {
  const undo = streamsOnScreen(sink.stream).map((stream) => replaceWrite(stream, sink, around));
  return () => {
    for (const one of undo) one();
  };
}

/** Both standard streams show on one screen, if both are terminals. */
function streamsOnScreen(stream: TerminalStream): TerminalStream[] {
  const standard: TerminalStream[] = [process.stdout, process.stderr];
  return standard.includes(stream) ? standard.filter(({ isTTY }) => isTTY) : [stream];
}

function replaceWrite(stream: TerminalStream, sink: Sink, around: Around): () => void {
  const own = Object.getOwnPropertyDescriptor(stream, "write");
  const original = stream.write as Write;
  let noticing = true;
  const write: Write = function (this: unknown, ...args) {
    if (!noticing || sink.writing) return original.apply(this, args);
    return original.apply(this, between(args, around));
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

/** The arguments of a write, with more text in it. What is no text is the stream's to refuse. */
function between(args: unknown[], around: Around): unknown[] {
  const [chunk, ...rest] = args;
  const encoding = typeof rest[0] === "string" ? rest[0] : undefined;
  if (typeof chunk === "string" && (encoding === undefined || /^utf-?8$/i.test(encoding))) {
    if (chunk === "") return args;
    const [before, after] = around(chunk);
    return [`${before}${chunk}${after}`, ...rest];
  }
  const bytes = bytesOf(chunk, encoding);
  if (bytes === undefined || bytes.length === 0) return args;
  const [before, after] = around(bytes.toString());
  if (before === "" && after === "") return args;
  return [Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]), ...rest];
}

function bytesOf(chunk: unknown, encoding: string | undefined): Buffer | undefined {
  if (chunk instanceof Uint8Array) {
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  const known = typeof chunk === "string" && encoding !== undefined && Buffer.isEncoding(encoding);
  return known ? Buffer.from(chunk, encoding) : undefined;
}
