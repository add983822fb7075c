/** Runs a program of the system on a text; its absence is a failure, not a reason to pass. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(program: string, args: readonly string[], input = ""): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 29,
  });
  if (error !== undefined) {
    throw new Error(
      `${program} does not run: ${error.message}. Install what .ci/system-packages lists.`,
    );
  }
  return { code: status, stdout, stderr };
}

/** With the text in a file of its own. */
export function withFile<T>(text: string, use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "astrum-consumer-"));
  try {
    const file = join(folder, "text");
    writeFileSync(file, text);
    return use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
