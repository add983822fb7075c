/**
 * What the core weighs in a browser, by room: `pnpm --filter @astrum/core size`, as the table of docs/environments.md.
 * Bundled by esbuild from the sources, which weigh what the build does; gzip is of the whole, as no room is sent alone.
 */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const home = join(import.meta.dirname, "..");
const PROGRAMS = {
  "`flow` and `task`": 'export { flow, task } from "./src/index.ts";',
  "all of it": 'export * from "./src/index.ts";',
};
const ROOMS = "ground define machine report resume contract drive whatif doors".split(" ");

async function weighed(contents) {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: home },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    metafile: true,
    write: false,
  });
  const [output] = Object.values(metafile.outputs);
  const rooms = new Map();
  for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) {
    const room = /src\/(\w+)\//.exec(file)?.[1] ?? "";
    rooms.set(room, (rooms.get(room) ?? 0) + bytesInOutput);
  }
  const code = outputFiles[0].contents;
  return { rooms, bytes: code.length, gzip: gzipSync(code, { level: 9 }).length };
}

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
const found = await Promise.all(Object.values(PROGRAMS).map(weighed));
const line = (...cells) => console.log(`| ${cells.join(" | ")} |`);
line("", ...Object.keys(PROGRAMS));
line("---", ...found.map(() => "---"));
for (const room of ROOMS) {
  line(`\`${room}\``, ...found.map(({ rooms }) => kB(rooms.get(room) ?? 0)));
}
line("minified", ...found.map(({ bytes }) => kB(bytes)));
line("gzip", ...found.map(({ gzip }) => kB(gzip)));
