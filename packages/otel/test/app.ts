/**
 * An application that has this package, the core and the SDK of this Node installed, beside that SDK: programs of the
 * documentation run there as they stand, in a process of their own.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { line } from "./sdk-line.ts";

const BESIDE_SDK = join(import.meta.dirname, `sdk-${line}/node_modules/.astrum`);
const PACKAGES = join(import.meta.dirname, "../..");

interface Ended {
  readonly code: number;
  readonly output: string;
}

export interface App {
  /** `node <args>` in its folder. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  remove(): void;
}

export async function app(files: Readonly<Record<string, string>>): Promise<App> {
  mkdirSync(BESIDE_SDK, { recursive: true });
  const folder = mkdtempSync(join(BESIDE_SDK, "app-"));
  await install(folder, "core", ["index"]);
  await install(folder, "otel", ["index", "register", "worker"]);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return {
    remove: () => rmSync(folder, { recursive: true }),
    run: (args, env = {}) =>
      new Promise((resolve) => {
        execFile(
          process.execPath,
          [...args],
          { cwd: folder, env: { PATH: process.env.PATH ?? "", ...env } },
          (error, stdout, stderr) =>
            resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}` }),
        );
      }),
  };
}

/** Built as it is for the registry, and where npm would put it. */
async function install(folder: string, name: string, entries: readonly string[]): Promise<void> {
  const home = join(folder, `node_modules/@astrum/${name}`);
  await build({
    entryPoints: entries.map((entry) => join(PACKAGES, name, `src/${entry}.ts`)),
    outdir: home,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    external: ["@opentelemetry/api", "@astrum/core"],
    nodePaths: [join(PACKAGES, name, "node_modules")],
  });
  const exports = Object.fromEntries(
    entries.map((entry) => [entry === "index" ? "." : `./${entry}`, `./${entry}.js`]),
  );
  writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module", exports }));
}
