import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { line } from "./sdk-line.ts";
import { traced, tree } from "./traced.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** The first block of a language. */
function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (found === undefined) throw new RangeError(`The README has no block of ${language}`);
  return found;
}

it("The first example of the README gives the trace that is shown below it", async () => {
  const { spans } = await traced();
  const folder = join(import.meta.dirname, `sdk-${line}/node_modules/.astrum`);
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, "example.mjs");
  await build({
    stdin: { contents: block("ts"), loader: "ts", resolveDir: folder },
    alias: { "@astrum/otel": join(import.meta.dirname, "../src/index.ts") },
    conditions: ["@astrum/source"],
    external: ["@opentelemetry/api"],
    nodePaths: [join(import.meta.dirname, "../node_modules")],
    bundle: true,
    format: "esm",
    outfile,
  });
  await import(/* @vite-ignore */ pathToFileURL(outfile).href);
  expect(`${tree(await spans())}\n`).toBe(block("text"));
});
