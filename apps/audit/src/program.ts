/**
 * The program as a function of its arguments: reads the command line, finds the folders, and hands over to what was asked
 * for. Ends no process.
 */
import { mkdir, realpath, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { audit } from "./audit.ts";
import { type AuditOptions, helpText, parseCommandLine } from "./command-line.ts";
import { repositoryAbove } from "./discover.ts";
import { exit } from "./exit-code.ts";
import { auditFlow } from "./graph.ts";
import { retell } from "./retell.ts";
import { tell } from "./tell.ts";
import { UsageError } from "./usage-error.ts";

/** Resolves with the exit code; never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await obey(args);
  } catch (error) {
    // What the system refused is told in its words; a stack is for what nobody expected.
    const { code, message, stack } = error as NodeJS.ErrnoException;
    if (error instanceof UsageError) return wrongUsage([message]);
    const told = code === undefined ? (stack ?? String(error)).split("\n") : [message];
    for (const line of told) tell(line);
    return exit.incomplete;
  }
}

async function obey(args: readonly string[]): Promise<number> {
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
      return withFolders(commandLine.options);
  }
}

async function withFolders(options: AuditOptions): Promise<number> {
  const root = options.from === undefined ? await folderToAudit(options.path) : "";
  if (options.plan) {
    const flow = auditFlow({ ...options, root, out: resolve(options.out), atOnce: 1 });
    process.stdout.write(`${flow.plan().explain().trimEnd()}\n`);
    return exit.passed;
  }
  const out = await makeOutputFolder(options.out);
  return options.from === undefined
    ? await audit(root, out, options)
    : await retell(options.from, out, options);
}

async function folderToAudit(path: string | undefined): Promise<string> {
  const here = process.cwd();
  const given = path ?? (await repositoryAbove(here)) ?? here;
  const found = await stat(given).catch(() => undefined);
  if (found === undefined) throw new UsageError(`There is no folder "${given}"`);
  if (!found.isDirectory()) {
    throw new UsageError(`"${given}" is a file; give the folder to audit`);
  }
  return realpath(given);
}

/** A folder that this makes is ignored by git: what is in it is made anew by every run. */
async function makeOutputFolder(path: string): Promise<string> {
  try {
    const made = await mkdir(path, { recursive: true });
    if (made !== undefined) await writeFile(resolve(path, ".gitignore"), "*\n");
    return await realpath(path);
  } catch (error) {
    throw new UsageError(`Cannot write to "${path}": ${(error as Error).message}`);
  }
}

function wrongUsage(problems: readonly string[]): number {
  for (const problem of problems) tell(problem);
  tell('Try "astrum-audit --help"');
  return exit.usage;
}
