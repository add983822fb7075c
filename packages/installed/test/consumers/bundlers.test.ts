/** What runs anywhere, bundled with the settings that a bundler comes with, to Node and to a browser, and run there. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { type BrowserName, inBrowser } from "./browser.ts";
import { everything, saidEverywhere, withoutFiles } from "./everything.ts";
import { type User, user } from "./user.ts";

const esbuild = `
  import { build } from "esbuild";
  const [platform, format, outfile, entry = "main.js", minify = ""] = process.argv.slice(2);
  await build({ entryPoints: [entry], bundle: true, platform, format, outfile, minify: minify !== "", logLevel: "warning" });
`;
const rollup = `
  import { rollup } from "rollup";
  import commonjs from "@rollup/plugin-commonjs";
  import resolve from "@rollup/plugin-node-resolve";
  const [platform, format, file] = process.argv.slice(2);
  const bundle = await rollup({
    input: "main.js",
    plugins: [resolve({ browser: platform === "browser", preferBuiltins: platform === "node" }), commonjs()],
    onwarn: (warning) => { console.error(warning.message); process.exitCode = 1; },
  });
  await bundle.write({ file, format: { iife: "iife", esm: "es", cjs: "cjs" }[format], name: "app", inlineDynamicImports: true });
`;
const webpack = `
  import webpack from "webpack";
  const [platform, , file] = process.argv.slice(2);
  webpack({
    mode: "production",
    entry: "./main.js",
    target: platform === "node" ? "node20.19" : "web",
    output: { path: process.cwd(), filename: file },
    performance: { hints: false },
  }, (error, stats) => {
    if (error || stats.hasErrors() || stats.hasWarnings()) {
      console.error(error ?? stats.toString());
      process.exitCode = 1;
    }
  });
`;

const bundlers = { esbuild, rollup, webpack };
type Bundler = keyof typeof bundlers;

let app: User;
beforeAll(() => {
  app = user("bundled", {
    "everything.js": everything,
    "main.js": `
      import { everything } from "./everything.js";
      globalThis.outcomes = everything().catch((error) => ({ failed: String(error.stack) }));
      if (globalThis.process?.versions?.node) globalThis.outcomes.then((said) => console.log(JSON.stringify(said)));
    `,
    "whole.js": 'export * from "@astrum/core";',
    "task.js": 'export { flow, task } from "@astrum/core";',
    "esbuild.mjs": esbuild,
    "rollup.mjs": rollup,
    "webpack.mjs": webpack,
  });
});

async function bundle(bundler: Bundler, ...args: string[]): Promise<void> {
  const { stderr } = await app.run(process.execPath, [`${bundler}.mjs`, ...args]);
  expect(stderr).toBe("");
}

describe.each(["esbuild", "rollup", "webpack"] as const)("With %s", (bundler) => {
  // webpack makes scripts unless it is told otherwise.
  const formats: readonly (readonly [format: string, extension: string])[] =
    bundler === "webpack"
      ? [["cjs", "cjs"]]
      : [
          ["cjs", "cjs"],
          ["esm", "mjs"],
        ];

  test.each(formats)("to one file for Node, as %s", async (format, extension) => {
    const file = `${bundler}-node.${extension}`;
    await bundle(bundler, "node", format, file);
    const { stdout } = await app.run(process.execPath, [file]);
    expect(JSON.parse(stdout)).toMatchObject(saidEverywhere);
  });

  test.each<[BrowserName]>([["chromium"]])("to one script for a browser, %s", async (browser) => {
    const file = `${bundler}-browser.js`;
    await bundle(bundler, "browser", "iife", file);
    const { outcomes, complaints } = await inBrowser(browser, app.path(file));
    expect(outcomes).toEqual({ ...saidEverywhere, files: withoutFiles });
    expect(complaints).toEqual([]);
  });
});

describe("What the core weighs in a browser", () => {
  const page = new URL("../../../../docs/environments.md", import.meta.url);
  const stated = Array.from(
    readFileSync(page, "utf8").matchAll(
      /^\| (all of it|`flow` and `task`) \| (\d+) kB \| (\d+) kB \|$/gm,
    ),
    ([, what, minified, gzip]) => [what, Number(minified), Number(gzip)] as const,
  );

  test.each(stated)(
    "%s: at most %i kB minified, %i kB compressed",
    async (what, minified, gzip) => {
      const entry = what === "all of it" ? "whole.js" : "task.js";
      await bundle("esbuild", "browser", "esm", `min-${entry}`, entry, "minify");
      const code = readFileSync(app.path(`min-${entry}`));
      const weighs = [code.length / 1000, gzipSync(code, { level: 9 }).length / 1000];
      expect.soft(weighs[0]).toBeLessThanOrEqual(minified);
      expect.soft(weighs[1]).toBeLessThanOrEqual(gzip);
      // What is stated is not far off, either.
      expect.soft(weighs[0]).toBeGreaterThan(minified * 0.95);
      expect.soft(weighs[1]).toBeGreaterThan(gzip * 0.95);
    },
  );

  test("is stated for both", () => {
    expect(stated).toHaveLength(2);
  });
});
