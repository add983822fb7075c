/** Builds the program from the sources, as `tsup` does for `dist`, so that the tests start what a user starts. */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsup";
import { bundled } from "../bundled.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
// Inside node_modules, so that the libraries are found from there and git does not see it.
const folder = here("../node_modules/.program-under-test/");
export const program: string = `${folder}main.js`;

// The threads' entry and the library under it are looked up beside the pool's module, which is in the program here.
const threads = dirname(
  createRequire(import.meta.url).resolve("@astrum/worker-threads/package.json"),
);

export default async function setup(): Promise<void> {
  // Not with tsup's `clean`: it goes through the link to piscina of the run before, and deletes the library's own files.
  rmSync(folder, { recursive: true, force: true });
  await build({
    clean: false,
    config: here("../tsup.config.ts"),
    entry: {
      main: here("../src/main.ts"),
      work: here("../src/work.ts"),
      "tracing.worker": here("../src/tracing.worker.ts"),
      "thread-entry": join(threads, "src/thread-entry.js"),
    },
    outDir: folder,
    noExternal: [...bundled, /^@astrum\//],
    esbuildOptions: (esbuild) => {
      esbuild.conditions = ["@astrum/source"];
    },
  });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(threads, "node_modules/piscina"), join(folder, "node_modules/piscina"));
}

/** What Node is told so that a program gets this signal as soon as it has told that on its standard error. */
export function signalWhen(told: RegExp, signal: NodeJS.Signals): readonly string[] {
  const query = new URLSearchParams({ told: told.source, signal });
  return ["--import", `${new URL("./fixtures/signals-itself.js", import.meta.url)}?${query}`];
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function run(
  command: string,
  args: readonly string[],
  where: { readonly cwd?: string } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...where, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
