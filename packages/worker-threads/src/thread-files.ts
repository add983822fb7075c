/**
 * The files that threads start from: our entry, and the pool library, which has one of its own. They are looked for when a
 * pool is made and not imported: a bundler that takes this package in leaves them behind, and that must be said. Knows no
 * thread.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Piscina from "piscina";

export interface ThreadFiles {
  /** The URL of what every thread runs first. */
  readonly entry: string;
  readonly piscina: typeof Piscina;
}

let found: ThreadFiles | undefined;

/** @throws Error, with the way out, where this package was made a part of another file. */
export function threadFiles(): ThreadFiles {
  found ??= find(import.meta.url);
  if (found === undefined) throw new Error(BUNDLED);
  return found;
}

/** `here` is an argument so that no bundler takes the entry for a picture, and copies it. */
function find(here: string | undefined): ThreadFiles | undefined {
  try {
    const entry = new URL("./thread-entry.js", here);
    if (!existsSync(fileURLToPath(entry))) return undefined;
    return { entry: entry.href, piscina: createRequire(entry)("piscina") as typeof Piscina };
  } catch {
    return undefined; // A script of CommonJS has no URL; a bundle has no packages beside it.
  }
}

const BUNDLED =
  "createWorkerPool() cannot find the files that threads start from: a bundler has left them behind. " +
  "Keep @astrum/worker-threads out of the bundle, and install it where that runs: " +
  "`--external:@astrum/worker-threads` (esbuild), " +
  '`external: ["@astrum/worker-threads"]` (rollup, Vite, tsup), ' +
  '`externals: { "@astrum/worker-threads": "node-commonjs @astrum/worker-threads" }` (webpack)';
