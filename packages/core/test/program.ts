/** A Node of its own that runs a program with the core, and nothing else on its loop. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildSync } from "esbuild";

const source = join(import.meta.dirname, "../src/index.ts");

export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  /** What it has said so far. */
  readonly lines: string[] = [];

  /** `body` finds `flow`, `task`, `param`, `settled` and `stopOnSignals`. */
  constructor(body: string) {
    const [bundle] = buildSync({
      stdin: {
        contents: `import { flow, param, settled, stopOnSignals, task } from ${JSON.stringify(source)};\n${body}`,
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      format: "esm",
      platform: "node",
      write: false,
    }).outputFiles;
    const child = spawn(process.execPath, ["--input-type=module", "-"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child = child;
    this.#ended = once(child, "close");
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.lines.push(line);
      child.emit("said");
    });
    child.stdin.end(bundle?.text);
  }

  /** Waits for the line. */
  async says(line: string): Promise<void> {
    while (!this.lines.includes(line)) await once(this.#child, "said");
  }

  send(signal: "SIGINT" | "SIGTERM"): void {
    this.#child.kill(signal);
  }

  /** Its code, or the signal that ended it. */
  async ended(): Promise<unknown> {
    const [code, signal] = await this.#ended;
    return code ?? signal;
  }
}
