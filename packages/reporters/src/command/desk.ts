/** What a process gives a command: streams, and a browser. Tests give it others. */
import type { TerminalStream } from "../terminal/sink.ts";
import { visibleLines } from "../wording/visible.ts";

export interface Desk {
  /** Bytes; a terminal says that it is one. */
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  /** What was asked for. */
  readonly stdout: NodeJS.WritableStream & TerminalStream;
  /** Everything else. */
  readonly stderr: { write(text: string): unknown };
  /** Resolves when the browser was started; rejects when there is none. */
  browse(path: string): Promise<void>;
}

export const PROGRAM = "astrum-report";

/** A line; what files and arguments are called cannot act on a terminal. */
export function tell({ stderr }: Pick<Desk, "stderr">, text: string): void {
  stderr.write(`${PROGRAM}: ${visibleLines(text)}\n`);
}
