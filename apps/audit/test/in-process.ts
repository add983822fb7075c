/**
 * The program without a process and threads of its own, for tests of what it does and not of how it is started: what a
 * process costs, loading everything anew, is most of a small audit. One at a time in a test file.
 */
import { main } from "../src/program.ts";
import type { Ended } from "./program.ts";

export async function inProcess(args: readonly string[]): Promise<Ended> {
  const stdout = heldBack(process.stdout);
  const stderr = heldBack(process.stderr);
  try {
    const code = await main(["--workers", "0", ...args]);
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.letGo();
    stderr.letGo();
  }
}

/** Keeps what is written to a stream until it is let go. */
function heldBack(stream: NodeJS.WriteStream) {
  const { write } = stream;
  let text = "";
  stream.write = (chunk: string | Uint8Array, ...more: unknown[]): boolean => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    const done = more.at(-1);
    if (typeof done === "function") done();
    return true;
  };
  return {
    text: () => text,
    letGo() {
      stream.write = write;
    },
  };
}
