/**
 * Makes random runs by the thousand, outside of any test runner:
 * `pnpm --filter @astrum/core stress -- --cases 1000000 [--seed 1]`; with `--chains`, chains of runs that take each other
 * up; with `--nests`, flows in flows, each taken up from every prefix of its journal; with `--caches`, runs that share a
 * cache. Ends with 1 and the smallest failing run.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const args = process.argv.slice(2).filter((argument) => argument !== "--");
const { values } = parseArgs({
  args,
  options: {
    caches: { type: "boolean", default: false },
    cases: { type: "string", default: "10000" },
    chains: { type: "boolean", default: false },
    nests: { type: "boolean", default: false },
    seed: { type: "string" },
  },
});
const [cases, seed] = [values.cases, values.seed ?? `${Date.now() % 1_000_000_000}`].map(Number);
if (!Number.isSafeInteger(cases) || cases < 1 || !Number.isSafeInteger(seed)) {
  throw new RangeError("--cases and --seed are whole numbers");
}

const { outputFiles } = await build({
  entryPoints: [join(import.meta.dirname, "random-runs.ts")],
  bundle: true,
  platform: "node",
  format: "esm",
  write: false,
  // fast-check stays a package; the bundle finds it by its address.
  plugins: [
    {
      name: "fast-check",
      setup: ({ onResolve }) =>
        onResolve({ filter: /^fast-check$/ }, () => ({
          path: pathToFileURL(createRequire(import.meta.url).resolve("fast-check")).href,
          external: true,
        })),
    },
  ],
});
const home = mkdtempSync(join(tmpdir(), "random-runs-"));
const bundle = join(home, "random-runs.mjs");
writeFileSync(bundle, outputFiles[0].text);
const { randomCaches, randomChains, randomNests, randomRuns } = await import(
  pathToFileURL(bundle).href
);
rmSync(home, { recursive: true });

let [what, held] = ["runs", randomRuns];
if (values.chains) [what, held] = ["chains of runs", randomChains];
if (values.nests) [what, held] = ["runs of flows in flows", randomNests];
if (values.caches) [what, held] = ["runs that share a cache", randomCaches];
const BATCH = 10_000;
const began = performance.now();
for (let done = 0; done < cases; done += BATCH) {
  const batch = Math.min(BATCH, cases - done);
  await held(batch, seed + done);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(
    `${done + batch} random ${what} from seed ${seed}: every promise held (${seconds} s)`,
  );
}
