/**
 * The command line, read and checked as a whole: every mistake is named, with the way out, before anything runs.
 * Touches no file.
 */
import { type ParseArgsConfig, parseArgs } from "node:util";
import type { ProgressMode } from "@astrum/reporters/terminal";
import {
  collector,
  kinds,
  oneOf,
  portOrFile,
  several,
  share,
  similar,
  wholeNumber,
} from "./option-values.ts";
import { type ReportName, reportNames } from "./reports.ts";
import type { Limits } from "./verdict.ts";

export interface AuditOptions extends Limits {
  /** As given; `undefined` is the repository that the program stands in. */
  readonly path: string | undefined;
  readonly out: string;
  /** How many threads compute; 0 is none but the main thread, `auto` one for each core where that is worth it. */
  readonly workers: number | "auto";
  readonly progress: ProgressMode;
  readonly report: readonly ReportName[];
  /** The collector that is sent traces. */
  readonly otlp: string | undefined;
  /** A port to serve on, or a file to write to. */
  readonly metrics: number | string | undefined;
  /** The share of attempts that is made to fail, 0 to 1. */
  readonly chaos: number;
  readonly seed: number;
  /** An event log whose run is told again; nothing is audited. */
  readonly from: string | undefined;
  readonly resume: boolean;
  readonly plan: boolean;
  readonly json: boolean;
}

const progressModes: readonly ProgressMode[] = ["auto", "tty", "plain", "ndjson", "none"];

export type CommandLine =
  | { readonly command: "audit"; readonly options: AuditOptions }
  | { readonly command: "help" | "version" }
  | { readonly command: "usage"; readonly problems: readonly string[] };

/** What is a fault in every repository. How many copies are too many is for each to say. */
const defaultFailOn = "links,cycles";

const flags = {
  out: { type: "string", default: ".astrum-audit" },
  workers: { type: "string", default: "auto" },
  "max-dup": { type: "string", default: "5" },
  "fail-on": { type: "string", default: defaultFailOn },
  progress: { type: "string", default: "auto" },
  report: { type: "string", default: "html,json" },
  otlp: { type: "string" },
  metrics: { type: "string" },
  chaos: { type: "string", default: "0" },
  seed: { type: "string", default: "1" },
  from: { type: "string" },
  resume: { type: "boolean", default: false },
  plan: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  version: { type: "boolean", short: "v", default: false },
} as const satisfies NonNullable<ParseArgsConfig["options"]>;

/** More threads than any machine has cores; the pool keeps a place for each. */
const mostWorkers = 4096;

export const helpText: string = `astrum-audit [path] [options]

Looks for broken Markdown links, import cycles, duplicated blocks and hotspots
in a folder.
Default path: the repository you stand in, else the current folder.

  --out DIR         where findings, reports and the event log go (.astrum-audit)
  --workers N       threads that compute; 0: the main thread does (auto: as many as
                    cores where the folder is large enough for threads to gain)
  --fail-on KINDS   what can fail the audit (${defaultFailOn}); also dup; or none
  --max-dup N       duplicated blocks allowed with --fail-on dup (5)
  --progress MODE   ${progressModes.join("|")} (auto)
  --report FORMATS  reports of the run: ${reportNames.join(",")}
                    or none (html,json)
  --otlp URL        send traces to this OpenTelemetry collector (OTLP/HTTP)
  --metrics WHERE   serve Prometheus metrics on this port, or leave them in this file
  --chaos SHARE     make this share of attempts fail, 0 to 1, to see retries (0)
  --seed N          which ones fail (1)
  --resume          go on with the run in --out that was interrupted
  --from FILE       tell the run in this event log (run.ndjson) again; audit nothing
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
    workers:
      values.workers === "auto"
        ? "auto"
        : wholeNumber("--workers", String(values.workers), problems, mostWorkers),
    maxDup: wholeNumber("--max-dup", String(values["max-dup"]), problems),
    failOn: kinds(String(values["fail-on"]), problems),
    progress: oneOf("--progress", String(values.progress), progressModes, problems),
    report: several("--report", String(values.report), reportNames, problems),
    otlp: collector(values.otlp as string | undefined, problems),
    metrics: portOrFile(values.metrics as string | undefined, problems),
    chaos: share("--chaos", String(values.chaos), problems),
    seed: wholeNumber("--seed", String(values.seed), problems),
    from: values.from as string | undefined,
    resume: values.resume === true,
    plan: values.plan === true,
    json: values.json === true,
  };
  if (options.from !== undefined) {
    for (const [flag, isGiven] of [
      ["a path", options.path !== undefined],
      ['"--resume"', options.resume],
      ['"--plan"', options.plan],
    ]) {
      if (isGiven)
        problems.push(
          `"--from" audits nothing and does not go with ${flag}; leave one of them out`,
        );
    }
  }
  if (options.resume && options.plan) {
    problems.push('"--plan" runs nothing and "--resume" goes on with a run; leave one of them out');
  }
  return problems.length > 0 ? { command: "usage", problems } : { command: "audit", options };
}

function suggestion(name: string): string {
  const near = similar(name, Object.keys(flags), "--");
  return near === "" ? `; "--help" lists the options` : near;
}
