/** The program without a process of its own, for tests of what it does and not of how it is started. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { onTestFinished, vi } from "vitest";
import type { Desk } from "../../src/command/desk.ts";
import { program } from "../../src/command/program.ts";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Pages that the browser was asked to show. */
  readonly opened: readonly string[];
}

export interface Around {
  readonly stdin?: string | Uint8Array | Error;
  /** A terminal of so many columns, in place of a pipe. */
  readonly columns?: number;
  readonly browse?: (path: string) => Promise<void>;
}

/** `args` are split at spaces; a list is taken as it is. */
export async function astrumReport(
  args: string | readonly string[],
  { stdin = "", columns, browse }: Around = {},
): Promise<Ended> {
  keepTemporaryFiles();
  const [stdout, stderr] = [new Kept(), new Kept()];
  const opened: string[] = [];
  const terminal = columns === undefined ? {} : { isTTY: true, columns, rows: 24 };
  const desk: Desk = {
    stdin: stdin instanceof Error ? failing(stdin) : Readable.from([Buffer.from(stdin)]),
    stdout: Object.assign(stdout, terminal),
    stderr,
    async browse(path) {
      await browse?.(path);
      opened.push(path);
    },
  };
  const list = typeof args === "string" ? args.split(" ").filter((word) => word !== "") : args;
  const code = await program(list, desk);
  return { code, stdout: stdout.text, stderr: stderr.text, opened };
}

function failing(error: Error): Readable {
  return new Readable({ read: (): void => void 0 }).destroy(error);
}

/** Pages that are opened stay after the program has ended; those of a test go with it. */
function keepTemporaryFiles(): void {
  const folder = mkdtempSync(join(tmpdir(), "astrum-opened-"));
  vi.stubEnv("TMPDIR", folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
}

/** What a person reads of it, without the name of the program before each line. */
export function told(stderr: string): string {
  return stderr.replace(/^astrum-report: /gm, "").trimEnd();
}

class Kept extends Writable {
  text = "";

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
