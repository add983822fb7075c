/**
 * How long the built audit takes and how much memory it holds at most, with one thread that computes and with two, in
 * turns, each run a process of its own. Needs nothing else to run at the same time.
 *
 *     node apps/audit/bench/figures.js 5 path/to/tree …
 *
 * The number is how many runs of each. Each figure is given as least, median and most; the ratio is of the two runs of a
 * round.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const [rounds = "5", ...trees] = process.argv.slice(2);

/** Loaded into the audit: tells the peak of the whole process, threads and all, when it ends. */
const tellPeak = `data:text/javascript,${encodeURIComponent(`
  import { isMainThread } from "node:worker_threads";
  if (isMainThread) process.on("exit", () => console.error("peak", process.resourceUsage().maxRSS));
`)}`;

const load = loadavg().map((average) => average.toFixed(1));
console.log(`Node.js ${process.version}, ${availableParallelism()} cores, load ${load.join(" ")}`);
for (const tree of trees) {
  const one = [];
  const two = [];
  for (let round = 0; round < Number(rounds); round++) {
    // Whoever comes second finds the files in the system's cache: both take turns at it.
    const order = round % 2 === 0 ? [1, 2] : [2, 1];
    for (const workers of order) (workers === 1 ? one : two).push(audit(tree, workers));
  }
  const ratios = one.map(({ seconds }, round) => seconds / (two[round]?.seconds ?? Number.NaN));
  console.log(`\n${basename(tree)}: ${rounds} rounds`);
  for (const [threads, runs] of /** @type {const} */ ([
    [1, one],
    [2, two],
  ])) {
    console.log(`  ${threads}: ${spread(runs.map(({ seconds }) => seconds))} s`);
    console.log(`     ${spread(runs.map(({ mebibytes }) => mebibytes))} MiB`);
  }
  console.log(`  one / two: ${spread(ratios)}`);
}

/**
 * @param {string} tree
 * @param {number} workers
 */
function audit(tree, workers) {
  const out = mkdtempSync(join(tmpdir(), "audit-figures-"));
  const options = ["--out", out, "--workers", String(workers), "--progress", "none"];
  const start = performance.now();
  const { stderr, status } = spawnSync(
    process.execPath,
    ["--import", tellPeak, main, tree, ...options],
    { encoding: "utf8", maxBuffer: 2 ** 30 },
  );
  const seconds = (performance.now() - start) / 1000;
  rmSync(out, { recursive: true });
  const [, peak] = /^peak (\d+)$/m.exec(stderr) ?? [];
  if (peak === undefined || (status !== 0 && status !== 1)) throw new Error(stderr);
  return { seconds, mebibytes: Number(peak) / 1024 };
}

/** @param {number[]} values */
function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1
      ? sorted[middle]
      : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
  return [sorted[0], median, sorted.at(-1)]
    .map((value) => (value ?? Number.NaN).toPrecision(3))
    .join(" / ");
}
