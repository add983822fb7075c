/**
 * The command line, read and checked as a whole: every mistake is named, with the way out, before anything runs.
 * Touches no file.
 */
import { availableParallelism } from "node:os";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { closest, distance } from "fastest-levenshtein";
import { type LimitedKind, type Limits, limitedKinds } from "./verdict.ts";

export interface AuditOptions extends Limits {
  /** As given; `undefined` is the repository that the program stands in. */
  readonly path: string | undefined;
  readonly out: string;
  /** How many files are read at once. */
  readonly io: number;
  /** How many threads compute; 0 is none but the main thread. */
  readonly workers: number;
  readonly plan: boolean;
  readonly json: boolean;
}

export type CommandLine =
  | { readonly command: "audit"; readonly options: AuditOptions }
  | { readonly command: "help" | "version" }
  | { readonly command: "usage"; readonly problems: readonly string[] };

/** What is a fault in every repository. */
const defaultFailOn = "links,cycles,dup,secrets";

const flags = {
  out: { type: "string", default: ".astrum-audit" },
  io: { type: "string", default: "32" },
  workers: { type: "string", default: String(availableParallelism()) },
  "max-dup": { type: "string", default: "5" },
  "fail-on": { type: "string", default: defaultFailOn },
  plan: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  version: { type: "boolean", short: "v", default: false },
} as const satisfies NonNullable<ParseArgsConfig["options"]>;

/** More threads than any machine has cores; the pool keeps a place for each. */
const mostWorkers = 4096;

export const helpText: string = `astrum-audit [path] [options]

Looks for broken Markdown links, import cycles, duplicated blocks, likely secrets,
hotspots, oversized and binary files in a folder.
Default path: the repository you stand in, else the current folder.

  --out DIR         where findings.json and report.json go (.astrum-audit)
  --io N            files read at once (32)
  --workers N       threads that compute; 0: the main thread does (as many as cores)
  --max-dup N       duplicated blocks allowed (5)
  --fail-on KINDS   what can fail the audit (${defaultFailOn});
                    also oversized, binary; or none
  --plan            print the plan and run nothing
  --json            print the findings as JSON
  -h, --help        this text
  -v, --version     the version

Findings go to stdout, everything else to stderr. Leaves out what .gitignore and
.astrumauditignore name. Exit code: 0 within the limits, 1 over a limit,
2 the audit failed or is incomplete, 64 wrong usage, 130 interrupted.
`;

export function parseCommandLine(args: readonly string[]): CommandLine {
  const problems: string[] = [];
  // Not strict, so that all mistakes can be collected and not only the first.
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: flags,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    if (!Object.hasOwn(flags, token.name)) {
      problems.push(`Unknown option "${token.rawName}"${suggestion(token.name)}`);
      continue;
    }
    const { type } = flags[token.name as keyof typeof flags];
    if (type === "boolean" && token.value !== undefined) {
      problems.push(`"${token.rawName}" takes no value, got "${token.value}"`);
    } else if (type === "string" && (token.value === undefined || token.value === "")) {
      problems.push(`"${token.rawName}" needs a value`);
    } else if (type === "string" && token.value?.startsWith("-") && !token.inlineValue) {
      const remedy = `write "${token.rawName}=${token.value}" if it is meant`;
      problems.push(`"${token.rawName}" needs a value, got the option "${token.value}"; ${remedy}`);
    }
  }
  if (positionals.length > 1) {
    problems.push(`Expected one path, got ${positionals.map((path) => `"${path}"`).join(", ")}`);
  }
  if (positionals[0] === "") problems.push("Expected a path, got an empty one");
  if (problems.length > 0) return { command: "usage", problems };
  if (values.help === true) return { command: "help" };
  if (values.version === true) return { command: "version" };

  const options: AuditOptions = {
    path: positionals[0],
    out: String(values.out),
    io: wholeNumber("--io", String(values.io), 1, problems),
    workers: wholeNumber("--workers", String(values.workers), 0, problems, mostWorkers),
    maxDup: wholeNumber("--max-dup", String(values["max-dup"]), 0, problems),
    failOn: kinds(String(values["fail-on"]), problems),
    plan: values.plan === true,
    json: values.json === true,
  };
  return problems.length > 0 ? { command: "usage", problems } : { command: "audit", options };
}

function wholeNumber(
  flag: string,
  text: string,
  least: number,
  problems: string[],
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most) {
    const range = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `from ${least} up`;
    problems.push(`Expected "${flag}" to be a whole number ${range}, got "${text}"`);
  }
  return number;
}

function kinds(text: string, problems: string[]): LimitedKind[] {
  if (text === "none") return [];
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) {
    if (isKind(name)) continue;
    const known =
      name === "hotspots"
        ? "every repository has some, so they fail nothing"
        : `the kinds are ${limitedKinds.join(", ")}, or "none"`;
    problems.push(`"--fail-on" does not know "${name}"; ${known}`);
  }
  return limitedKinds.filter((kind) => names.includes(kind));
}

function isKind(name: string): name is LimitedKind {
  return (limitedKinds as readonly string[]).includes(name);
}

function suggestion(name: string): string {
  const near = closest(name, Object.keys(flags));
  const isNear = distance(name, near) <= Math.max(1, Math.ceil(near.length / 3));
  return isNear ? `. Did you mean "--${near}"?` : `; "--help" lists the options`;
}
