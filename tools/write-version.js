/** Writes the version of the core where its reports read it; a part of `pnpm run version`. */
import { readFileSync, writeFileSync } from "node:fs";

const manifest = new URL("../packages/core/package.json", import.meta.url);
const source = new URL("../packages/core/src/ground/version.ts", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8"));
const text = readFileSync(source, "utf8");
const written = text.replace(/(VERSION = )".*"/, `$1"${version}"`);
if (!written.includes(`"${version}"`)) throw new Error(`No VERSION to write in ${source.pathname}`);
writeFileSync(source, written);
