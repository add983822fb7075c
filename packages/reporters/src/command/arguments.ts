/**
 * The command line of one command, read against its table of options: every mistake is named, with the way out, before
 * anything is read. Touches no file; what the values of options mean is for the commands.
 */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { nearest } from "astrum-options";
import type { Desk } from "./desk.ts";

export interface Option {
  /** What stands for its value in `--help`, such as `N`; a switch takes none. */
  readonly takes?: string;
  /** It may be given more than once. */
  readonly often?: true;
  readonly help: string;
}

export interface Command {
  readonly name: string;
  /** As `--help` shows it: `BEFORE AFTER`. */
  readonly takes: string;
  /** How many files it takes. */
  readonly files: { readonly least: number; readonly most: number };
  /** In one line. */
  readonly about: string;
  /** The rest of its help. */
  readonly more: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Adds to `problems` what is wrong; what it returns does the work, and resolves with the exit code. */
  prepare(given: Given, problems: string[]): (desk: Desk) => Promise<number>;
}

/** Options that every command has. */
export const COMMON: Readonly<Record<string, Option>> = {
  color: { help: "colours, whatever the output is" },
  "no-color": { help: "no colours; NO_COLOR and FORCE_COLOR are obeyed, too" },
  help: { help: "this text" },
};

/** What was given, by the names of the table. */
export class Given {
  readonly files: readonly string[];
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(files: readonly string[], values: Readonly<Record<string, unknown>>) {
    this.files = files;
    this.#values = values;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  /** Of an option that may be given more than once. */
  all(name: string): readonly string[] {
    return (this.#values[name] ?? []) as readonly string[];
  }
}

/** No argument of a process holds one. */
const HIDDEN = "\0";

/** Adds to `problems` what is no option, or has no value that could be one. */
export function givenTo(command: Command, args: readonly string[], problems: string[]): Given {
  const table: Readonly<Record<string, Option>> = { ...command.options, ...COMMON };
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, { takes, often }] of Object.entries(table)) {
    options[name] = {
      type: takes === undefined ? "boolean" : "string",
      multiple: often === true,
      ...(name === "help" && { short: "h" }),
    };
  }
  // Not strict, so that all mistakes can be collected and not only the first.
  const { values, positionals, tokens } = parseArgs({
    // A run of standard input looks like options.
    args: args.map((arg) => (arg.startsWith("-#") ? `${HIDDEN}${arg}` : arg)),
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const files = positionals.map((file) => (file.startsWith(HIDDEN) ? file.slice(1) : file));
  const seen = new Set<string>();
  let unknown = false;
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    const option = Object.hasOwn(table, name) ? table[name] : undefined;
    if (option === undefined) {
      unknown = true;
      problems.push(`Unknown option "${rawName}"${suggestion(name, Object.keys(table))}`);
      continue;
    }
    if (option.takes === undefined) {
      if (value !== undefined) problems.push(`"${rawName}" takes no value, got "${value}"`);
    } else if (value === undefined || value === "") {
      problems.push(`"${rawName}" needs a value`);
    } else if (/^-./.test(value) && !inlineValue) {
      const remedy = `write "${rawName}=${value}" if it is meant`;
      problems.push(`"${rawName}" needs a value, got the option "${value}"; ${remedy}`);
    }
    if (seen.has(name) && option.often !== true && option.takes !== undefined) {
      problems.push(`"${rawName}" is given more than once`);
    }
    seen.add(name);
  }
  // What follows an unknown option may be its value, and no file.
  if (!unknown && values.help !== true) countFiles(command, files, problems);
  return new Given(files, values);
}

function countFiles(
  { files: { least, most }, takes }: Command,
  given: readonly string[],
  problems: string[],
): void {
  if (given.includes("")) problems.push("Expected a file, got an empty text");
  else if (given.length < least) {
    problems.push(
      given.length === 0 ? `Expected ${takes}` : `Expected ${takes}, got "${given[0]}"`,
    );
  } else if (given.length > most) {
    problems.push(`Expected ${takes}, got ${given.map((file) => `"${file}"`).join(", ")}`);
  }
  if (given.filter((file) => /^-(#|$)/.test(file)).length > 1) {
    problems.push('"-" is given more than once: standard input can be read once');
  }
}

/** `. Did you mean "--out"?`, or where to look. */
function suggestion(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? '; "--help" lists the options' : `. Did you mean "--${near}"?`;
}
