#!/usr/bin/env node
/** The program: reads the command line, runs the graph, writes and prints what came of it. All effects meet here. */
import { mkdir, realpath, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { ExecutionReport } from "@astrum/core";
import manifest from "../package.json" with { type: "json" };
import { type AuditOptions, helpText, parseCommandLine } from "./command-line.ts";
import { repositoryAbove } from "./discover.ts";
import { type AuditOutputs, auditFlow } from "./graph.ts";
import { filesAtOnce } from "./open-files.ts";
import { findingLine, findingsJson, skipLine, verdictLine } from "./print.ts";
import { progressLines } from "./progress.ts";
import { judge } from "./verdict.ts";
import type { AuditWork } from "./work.ts";
import { workOnThreads } from "./work-on-threads.ts";

const exit = { passed: 0, failed: 1, incomplete: 2, usage: 64, interrupted: 130 } as const;

// Whoever reads us may stop reading (`| head -1`); that is no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What the system refused is told in its words; a stack is for what nobody expected.
  const { code, message, stack } = error as NodeJS.ErrnoException;
  tell(code === undefined ? (stack ?? String(error)) : message);
  process.exitCode = exit.incomplete;
}

async function main(args: readonly string[]): Promise<number> {
  const commandLine = parseCommandLine(args);
  switch (commandLine.command) {
    case "help":
      process.stdout.write(helpText);
      return exit.passed;
    case "version":
      process.stdout.write(`${manifest.version}\n`);
      return exit.passed;
    case "usage":
      return wrongUsage(commandLine.problems);
    case "audit":
      return audit(commandLine.options);
  }
}

async function audit(options: AuditOptions): Promise<number> {
  const here = process.cwd();
  const given = options.path ?? (await repositoryAbove(here)) ?? here;
  const isFolder = await stat(given).then(
    (found) => found.isDirectory(),
    () => undefined,
  );
  if (isFolder === undefined) return wrongUsage([`There is no folder "${given}"`]);
  if (!isFolder) return wrongUsage([`"${given}" is a file; give the folder to audit`]);
  const root = await realpath(given);

  if (options.plan) {
    const flow = auditFlow({ ...options, root, out: resolve(options.out) }, await inline());
    process.stdout.write(`${flow.plan().explain().trimEnd()}\n`);
    return exit.passed;
  }

  let out: string;
  try {
    out = await makeOutputFolder(options.out);
  } catch (error) {
    return wrongUsage([`Cannot write to "${options.out}": ${(error as Error).message}`]);
  }
  const interrupt = new AbortController();
  // Once: a second Ctrl-C finds no handler and ends the program.
  process.once("SIGINT", () => {
    tell("interrupted: stopping and writing what there is; once more to stop at once");
    interrupt.abort(new Error("Interrupted"));
  });
  tell(`auditing ${root}`);
  const threads = options.workers > 0 ? workOnThreads(options.workers) : undefined;
  const io = filesAtOnce(options.io);
  if (io < options.io) tell(`reading ${io} files at once: few may be open here (ulimit -n)`);
  const flow = auditFlow({ ...options, io, root, out }, threads?.work ?? (await inline()));
  let report: ExecutionReport<AuditOutputs>;
  try {
    report = await flow.run({
      signal: interrupt.signal,
      failure: "continue",
      observers: [progressLines(tell)],
      // Carries out what is not for the threads as if it were not there, and the report knows who did what.
      ...(threads && { runner: threads.pool.runner() }),
    });
  } finally {
    await threads?.pool.destroy();
  }

  const verdict = report.outputs.verdict ?? judge(report.outputs, options);
  const findings = findingsJson(verdict);
  await writeFile(resolve(out, "findings.json"), findings);
  await writeFile(resolve(out, "report.json"), `${JSON.stringify(report.toJSON())}\n`);
  for (const skip of verdict.skipped) tell(skipLine(skip));
  for (const failure of report.errorSummary) tell(`failed: ${failure}`);
  tell(`findings.json and report.json are in ${out}`);
  if (options.json) process.stdout.write(findings);
  else {
    const lines = [...verdict.findings.map(findingLine), verdictLine(verdict)];
    process.stdout.write(`${lines.join("\n")}\n`);
  }
  if (report.executionState === "cancelled") return exit.interrupted;
  return report.executionState === "completed" ? exit[verdict.state] : exit.incomplete;
}

/** The parsers take half a second to load: not before they are needed, and not here when threads have them. */
async function inline(): Promise<AuditWork> {
  return (await import("./inline-work.ts")).inlineWork;
}

/** A folder that this makes is ignored by git: what is in it is made anew by every run. */
async function makeOutputFolder(path: string): Promise<string> {
  const made = await mkdir(path, { recursive: true });
  if (made !== undefined) await writeFile(resolve(path, ".gitignore"), "*\n");
  return realpath(path);
}

function wrongUsage(problems: readonly string[]): number {
  for (const problem of problems) tell(problem);
  tell('Try "astrum-audit --help"');
  return exit.usage;
}

function tell(line: string): void {
  process.stderr.write(`astrum-audit: ${line}\n`);
}
