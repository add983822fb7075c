/**
 * The program as a function of its arguments: finds the command, checks the command line, and hands over. Ends no process.
 */
import { existsSync } from "node:fs";
import { VERSION } from "@astrum/core";
import { type Command, givenTo } from "./arguments.ts";
import { CommandError } from "./command-error.ts";
import { commands } from "./commands.ts";
import { type Desk, PROGRAM, tell } from "./desk.ts";
import { exit } from "./exit-code.ts";
import { helpOfCommand, helpOfProgram } from "./help.ts";
import { didYouMean } from "./option-values.ts";

/** Resolves with the exit code; never rejects. */
export async function program(args: readonly string[], desk: Desk): Promise<number> {
  try {
    return await obey(args, desk);
  } catch (error) {
    const { code, message, stack } = error as NodeJS.ErrnoException;
    if (error instanceof CommandError) {
      for (const line of message.split("\n")) tell(desk, line);
      if (error.exitCode === exit.usage) tell(desk, `Try "${PROGRAM} --help"`);
      return error.exitCode;
    }
    // What the system refused is told in its words; a stack is for what nobody expected.
    tell(desk, code === undefined ? (stack ?? String(error)) : message);
    return exit.broken;
  }
}

async function obey(args: readonly string[], desk: Desk): Promise<number> {
  const [first, ...rest] = args;
  switch (first) {
    case undefined:
      desk.stderr.write(helpOfProgram(commands));
      return exit.usage;
    case "--help":
    case "-h":
      return answer(helpOfProgram(commands), desk);
    case "help":
      return help(rest, desk);
    case "--version":
    case "-v":
      // All packages of a release have one version.
      return answer(`${VERSION}\n`, desk);
  }
  const command = commands.find(({ name }) => name === first);
  if (command !== undefined) return run(command, rest, desk);
  // A file alone is shown.
  const show = commands.find(({ name }) => name === "show") as Command;
  if (isFile(first)) return run(show, args, desk);
  return wrongUsage([unknown(first)], PROGRAM, desk);
}

function run(command: Command, args: readonly string[], desk: Desk): Promise<number> | number {
  const problems: string[] = [];
  const given = givenTo(command, args, problems);
  const who = `${PROGRAM} ${command.name}`;
  if (problems.length > 0) return wrongUsage(problems, who, desk);
  if (given.flag("help")) return answer(helpOfCommand(command), desk);
  const work = command.prepare(given, problems);
  return problems.length > 0 ? wrongUsage(problems, who, desk) : work(desk);
}

function help([name]: readonly string[], desk: Desk): number {
  if (name === undefined) return answer(helpOfProgram(commands), desk);
  const command = commands.find((one) => one.name === name);
  if (command === undefined) return wrongUsage([unknown(name)], PROGRAM, desk);
  return answer(helpOfCommand(command), desk);
}

function answer(text: string, { stdout }: Desk): number {
  stdout.write(text);
  return exit.good;
}

function wrongUsage(problems: readonly string[], who: string, desk: Desk): number {
  for (const problem of problems) tell(desk, problem);
  tell(desk, `Try "${who} --help"`);
  return exit.usage;
}

/** A word without a dot or a slash was meant as a command, unless there is such a file. */
function isFile(word: string): boolean {
  if (word === "-" || word.startsWith("-#")) return true;
  return !word.startsWith("-") && (/[./\\#]/.test(word) || existsSync(word));
}

function unknown(word: string): string {
  const names = commands.map(({ name }) => name);
  if (word.startsWith("-")) return `Expected a command before "${word}": ${names.join(", ")}`;
  const near = didYouMean(word, names);
  return near === ""
    ? `Unknown command "${word}"; there are ${names.join(", ")}`
    : `Unknown command "${word}"${near}`;
}
