/**
 * Writes `src/html/assets.generated.ts`: the script and the style of the HTML report as texts, with their hashes, so that the sources of the
 * package can be imported as they are, by tests and by bundlers alike. A test says when it is out of date.
 *
 *     pnpm page            once
 *     pnpm page --watch    after every change
 */
import { createHash } from "node:crypto";
import { readFileSync, watch, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = new URL("./", import.meta.url);
const target = new URL("../src/html/assets.generated.ts", import.meta.url);

/** The same sources give the same text. */
export async function assetsSource() {
  const [script, style] = await Promise.all([built("main.ts"), built("style.css")]);
  return `/** Made by \`pnpm page\` from \`page/\`; not to be edited. */
export const pageScript: string = ${JSON.stringify(script)};
export const pageStyle: string = ${JSON.stringify(style)};
export const scriptHash: string = "${hash(script)}";
export const styleHash: string = "${hash(style)}";
`;
}

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
  const source = await assetsSource();
  if (source !== current()) writeFileSync(target, source);
}

function current() {
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
