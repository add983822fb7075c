/**
 * `pnpm near <file>…` after a change: the types of its package, the arrows of the whole tree, and the tests near it (which
 * those are is in `near-tests.js`). The three run beside each other. Answers in seconds; it is no proof: `pnpm test` is.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { testsNear } from "./near-tests.js";

const root = join(import.meta.dirname, "../..");
const bin = (/** @type {string} */ name) => join(root, "node_modules/.bin", name);

/**
 * @typedef {object} Step
 * @property {string} what
 * @property {string} folder Where it runs, relative to the root.
 * @property {readonly string[]} command
 */

/**
 * By package, the tests that are near any of the files.
 *
 * @param {readonly string[]} files
 */
function byPackage(files) {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  for (const file of files) {
    // pnpm starts scripts in the root, wherever it was started itself.
    const path = resolve(process.env.INIT_CWD ?? process.cwd(), file);
    const { workspace, tests } = testsNear(root, relative(root, path));
    found.set(workspace, new Set([...(found.get(workspace) ?? []), ...tests]));
  }
  return found;
}

/**
 * The compilers that `typecheck` of the package starts, each with a memory of the last time.
 *
 * @param {string} folder
 * @returns {Step[]}
 */
function typesOf(folder) {
  const { scripts } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const compilers = String(scripts?.typecheck ?? "").match(/\btsc\b[^&]*/g) ?? [];
  return compilers.map((line, place) => {
    const memory = `node_modules/.near/types-${place}.tsbuildinfo`;
    const command = [bin("tsc"), ...line.trim().split(/\s+/).slice(1)];
    return {
      what: `types of ${folder}${place === 0 ? "" : `, ${line.trim()}`}`,
      folder,
      command: [...command, "--incremental", "--tsBuildInfoFile", memory],
    };
  });
}

/**
 * @param {string} folder
 * @param {ReadonlySet<string>} tests
 * @returns {Step[]}
 */
function testsIn(folder, tests) {
  if (tests.size === 0) return [];
  const paths = [...tests].map((test) => join(root, folder, test));
  const what = `${folder}: ${[...tests].join(", ")}`;
  return [{ what, folder, command: [bin("vitest"), "run", "--maxWorkers=2", ...paths] }];
}

/**
 * Tells what came of it, and all the step said if it failed.
 *
 * @param {Step} step
 * @returns {Promise<boolean>}
 */
function passes({ what, folder, command: [program = "", ...args] }) {
  const started = performance.now();
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      cwd: join(root, folder),
      // A result file of its own: this is a part of a suite.
      env: { ...process.env, ASTRUM_SUITE: "near" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
        said += text;
      });
    }
    child.on("error", fail);
    child.on("close", (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? "✓" : "✗"} ${what} (${seconds} s)`);
      if (code !== 0) console.log(said);
      done(code === 0);
    });
  });
}

/**
 * One after the other, to the end: what fails hides nothing of what follows.
 *
 * @param {readonly Step[]} steps
 */
async function allPass(steps) {
  let passed = true;
  for (const step of steps) passed = (await passes(step)) && passed;
  return passed;
}

async function main() {
  const files = process.argv.slice(2);
  if (files.length === 0) throw new Error("Name a file, or several: pnpm near <file>…");
  const near = [...byPackage(files)];
  const config = ["--config", "tools/gates/arrows.config.js", "--output-type", "err-long", "."];
  const answers = await Promise.all([
    allPass(near.flatMap(([folder]) => typesOf(folder))),
    allPass([{ what: "arrows", folder: ".", command: [bin("depcruise"), ...config] }]),
    allPass(near.flatMap(([folder, tests]) => testsIn(folder, tests))),
  ]);
  if (answers.includes(false)) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(`near: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 64;
}
