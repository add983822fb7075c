/**
 * Builds the targets of a file, each a shell command that needs others: those that are named, or all.
 *
 *     node main.js              # all
 *     node main.js count lint   # these, and what they need
 *     node main.js --plan       # what would run
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { DynamicScheduler } from "@astrum/core";

const { values, positionals } = parseArgs({
  options: { file: { type: "string", default: "build.json" }, plan: { type: "boolean" } },
  allowPositionals: true,
});

/**
 * A signal that is aborted ends the command.
 * @param {string} command
 * @param {AbortSignal} signal
 */
function shell(command, signal) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: "inherit", signal });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(undefined);
      else reject(new Error(`\`${command}\` ended with code ${code}`));
    });
  });
}

/** @type {Record<string, { command: string, needs?: string[], retries?: number }>} */
const targets = JSON.parse(await readFile(values.file, "utf8"));
/** @type {Record<string, import("@astrum/core").WrittenTask>} */
const tasks = {};
for (const [name, { command, needs, retries }] of Object.entries(targets)) {
  tasks[name] = {
    run: (_inputs, { signal }) => shell(command, signal),
    dependencies: needs,
    retry: retries,
  };
}
const build = DynamicScheduler.from(tasks, {
  name: values.file,
  concurrency: availableParallelism(),
});

if (values.plan) {
  console.log(build.plan().explain());
} else {
  const report = await build.execute(positionals.length > 0 ? { targets: positionals } : {});
  for (const line of report.errorSummary) console.error(line);
  console.log(
    `${report.executionState}: ${report.successfulTasks} of ${report.totalTasks} targets`,
  );
  if (report.executionState !== "completed") process.exitCode = 1;
}
