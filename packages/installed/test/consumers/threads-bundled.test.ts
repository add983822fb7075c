/** `@astrum/worker-threads` and bundlers: left out of the bundle it works, taken in it says what to do. */
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { type User, user } from "./user.ts";

const main = `
  import { flow, map, task, value } from "@astrum/core";
  import { createWorkerPool, workerModule } from "@astrum/worker-threads";
  (async () => {
    const math = workerModule(process.cwd() + "/math.js");
    const pool = createWorkerPool({ threads: 1 });
    const squares = map("squares", value([1, 2, 3]), pool.task(math.square));
    const report = await flow("threads", { squares }).run({ runner: pool.runner() });
    await pool.close();
    console.log(JSON.stringify(report.unwrap().squares));
  })().catch((error) => console.log(error.message));
`;

const esbuild = `
  import { build } from "esbuild";
  const [format, outfile, ...external] = process.argv.slice(2);
  await build({ entryPoints: ["main.js"], bundle: true, platform: "node", format, outfile, external, logLevel: "error" });
`;
const rollup = `
  import { rollup } from "rollup";
  import commonjs from "@rollup/plugin-commonjs";
  import resolve from "@rollup/plugin-node-resolve";
  const [format, file, ...external] = process.argv.slice(2);
  const bundle = await rollup({ input: "main.js", external, plugins: [resolve({ preferBuiltins: true }), commonjs()], logLevel: "silent" });
  await bundle.write({ file, format, inlineDynamicImports: true });
`;
const webpack = `
  import webpack from "webpack";
  const [, filename, ...external] = process.argv.slice(2);
  webpack({
    mode: "none", entry: "./main.js", target: "node20.19",
    output: { path: process.cwd(), filename },
    externals: Object.fromEntries(external.map((name) => [name, "node-commonjs " + name])),
  }, (error, stats) => {
    if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
  });
`;

let app: User;
beforeAll(() => {
  app = user("threads-bundled", {
    "main.js": main,
    "math.js": "export function square(n) { return n * n; }",
    "esbuild.mjs": esbuild,
    "rollup.mjs": rollup,
    "webpack.mjs": webpack,
    "worker.js": "// A worker of the user's own, which is not ours.",
  });
});

const ways = [
  ["esbuild", "esm", "mjs"],
  ["esbuild", "cjs", "cjs"],
  ["rollup", "esm", "mjs"],
  ["rollup", "cjs", "cjs"],
  ["webpack", "cjs", "cjs"],
] as const;

async function say(
  bundler: string,
  format: string,
  file: string,
  external: string[],
): Promise<string> {
  await app.run(process.execPath, [`${bundler}.mjs`, format, file, ...external]);
  return (await app.run(process.execPath, [file])).stdout;
}

test.each(ways)("%s leaves it out of the bundle, as %s", async (bundler, format, extension) => {
  const file = `${bundler}-without.${extension}`;
  expect(await say(bundler, format, file, ["@astrum/worker-threads"])).toBe("[1,4,9]\n");
});

// webpack writes the place of the installed files into the bundle: it works on the machine where it was made.
test.each(ways.filter(([bundler]) => bundler !== "webpack"))(
  "%s takes it in, as %s, and the pool says how it is left out",
  async (bundler, format, extension) => {
    const said = await say(bundler, format, `${bundler}-with.${extension}`, []);
    expect(said).toMatch(/^createWorkerPool\(\) cannot find the files that threads start from/);
    expect(said).toContain("`--external:@astrum/worker-threads` (esbuild)");
  },
);

test("the lines that the error gives are those of docs/worker-threads.md", async () => {
  const said = await say("esbuild", "esm", "lines.mjs", []);
  const page = readFileSync(new URL("../../../../docs/worker-threads.md", import.meta.url), "utf8");
  const lines = Array.from(said.matchAll(/`([^`]+)` \(/g), ([, line]) => line);
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(page).toContain(`\`${line}\``);
});
