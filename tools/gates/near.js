/**
 * `pnpm near <file>…` after a change: the types of its package, the arrows of the whole tree, and the tests near it (which
 * those are is in `near-tests.js`). Answers in seconds; it is no proof: `pnpm test` is.
 */
import { spawn } from "node:child_process";
import { delimiter, join, relative, resolve } from "node:path";
import { stepsNear } from "./near-steps.js";

const root = join(import.meta.dirname, "../..");

/** The compiler of the gates before the one that packages are built with. */
const PROGRAMS = [import.meta.dirname, root]
  .map((folder) => join(folder, "node_modules/.bin"))
  .concat(process.env.PATH ?? "")
  .join(delimiter);

/**
 * Tells what came of it, and all the step said if it failed.
 *
 * @param {import("./near-steps.js").Step} step
 * @returns {Promise<boolean>}
 */
function passes({ what, folder, command: [program = "", ...args] }) {
  const started = performance.now();
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      cwd: join(root, folder),
      env: { ...process.env, PATH: PROGRAMS },
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
 * @param {readonly import("./near-steps.js").Step[]} steps
 */
async function allPass(steps) {
  let passed = true;
  for (const step of steps) passed = (await passes(step)) && passed;
  return passed;
}

try {
  // pnpm starts scripts in the root, wherever it was started itself.
  const from = process.env.INIT_CWD ?? process.cwd();
  const files = process.argv.slice(2).map((file) => relative(root, resolve(from, file)));
  if (files.length === 0) throw new Error("Name a file, or several: pnpm near <file>…");
  const answers = await Promise.all(stepsNear(root, files).map(allPass));
  if (answers.includes(false)) process.exitCode = 1;
} catch (error) {
  console.error(`near: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 64;
}
