/**
 * Builds the targets of a file, each a shell command that needs others: those that are named, or all. A target whose command
 * and files are as they were is not built again.
 *
 *     node main.js              # all
 *     node main.js count lint   # these, and what they need
 *     node main.js --plan       # what would run
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { DynamicScheduler } from "@astrum/core";
import { hashesOf, shell } from "./files.js";
import { lastBuild } from "./last-build.js";

const { values, positionals } = parseArgs({
  options: { file: { type: "string", default: "build.json" }, plan: { type: "boolean" } },
  allowPositionals: true,
});

/** @typedef {{ command: string, needs?: string[], reads?: string[], writes?: string[], retries?: number }} Target */
/** @type {Record<string, Target>} */
const targets = JSON.parse(await readFile(values.file, "utf8"));
/** @type {Record<string, import("@astrum/core").WrittenTask>} */
const tasks = {};
for (const [name, { command, needs, reads, retries }] of Object.entries(targets)) {
  tasks[name] = {
    run: (_inputs, { signal }) => shell(command, signal),
    dependencies: needs,
    retry: retries,
    // Asked when what it needs is there. Without a word about what it reads, it is built each time.
    cache: reads && { key: async () => [command, await hashesOf(reads)] },
  };
}
const build = DynamicScheduler.from(tasks, {
  name: values.file,
  concurrency: availableParallelism(),
});
if (values.plan) {
  console.log(build.plan().explain());
} else {
  const isWhole = Object.values(targets).every(({ writes = [] }) => writes.every(existsSync));
  const cache = await lastBuild(".last-build.json", isWhole);
  const report = await build.execute({ cache, ...(positionals[0] && { targets: positionals }) });
  await cache.keep();
  for (const line of report.errorSummary) console.error(line);
  const { successfulTasks, restoredTasks, executionState } = report;
  console.log(`${executionState}: ${successfulTasks} built, ${restoredTasks} as they were`);
  if (executionState !== "completed") process.exitCode = 1;
}
