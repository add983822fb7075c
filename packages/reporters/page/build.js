/**
 * Writes `assets.generated.ts`, `machine.generated.ts` and `still-style.generated.ts` in `src/html`: the scripts and the styles of
 * the HTML pages as texts, with their hashes, so that the sources of the package can be imported as they are, by tests and by bundlers alike. The machine is
 * that of the core: what changes there changes it. A test says when they are out of date.
 *
 *     pnpm page            once
 *     pnpm page --watch    after every change
 */
import { createHash } from "node:crypto";
import { readFileSync, watch, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = new URL("./", import.meta.url);

/** By file in `src/html`; the same sources give the same text. */
export async function assetSources() {
  const [script, machine, style, stillStyle] = await Promise.all([
    built("main.ts"),
    built("what-if-worker.ts"),
    built("style.css"),
    built("still-style.css"),
  ]);
  return {
    "assets.generated.ts": `${MADE}export const pageScript: string = ${JSON.stringify(script)};
export const pageStyle: string = ${JSON.stringify(style)};
export const scriptHash: string = "${hash(script)}";
export const styleHash: string = "${hash(style)}";
`,
    "machine.generated.ts": `${MADE}export const machineScript: string = ${JSON.stringify(machine)};
export const machineHash: string = "${hash(machine)}";
`,
    "still-style.generated.ts": `${MADE}export const stillStyle: string = ${JSON.stringify(stillStyle)};
export const stillStyleHash: string = "${hash(stillStyle)}";
`,
  };
}

const MADE = "/** Made by `pnpm page` from `page/`; not to be edited. */\n";

/** As a policy names it; see https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function hash(text) {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

async function built(file) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, folder))],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: ["chrome111", "firefox113", "safari16.4"],
    charset: "ascii",
    conditions: ["@astrum/source"],
    legalComments: "none",
    logLevel: "error",
  });
  return outputFiles[0].text.trimEnd();
}

async function write() {
  for (const [file, source] of Object.entries(await assetSources())) {
    const target = new URL(`../src/html/${file}`, import.meta.url);
    if (source !== current(target)) writeFileSync(target, source);
  }
}

function current(target) {
  try {
    return readFileSync(target, "utf8");
  } catch {
    return "";
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await write();
  if (process.argv.includes("--watch")) {
    watch(folder, () => write().catch((error) => console.error(error.message)));
  }
}
