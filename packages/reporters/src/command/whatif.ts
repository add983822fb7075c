/** `whatif`: how long a run would have taken with other numbers. The simulation is the core's. */
import { DefinitionError, PlanError, type SerializedReport } from "@astrum/core";
import { type Change, whatIf } from "@astrum/core/whatif";
import { insight } from "../asking/insight.ts";
import { renderWhatIfText } from "../writing/what-if-text.ts";
import type { Command, Given } from "./arguments.ts";
import { CommandError } from "./command-error.ts";
import { tell } from "./desk.ts";
import { exit } from "./exit-code.ts";
import { amount, atOnce, named, units } from "./option-values.ts";
import { put } from "./output.ts";
import { readRun } from "./read-run.ts";
import { FLOW } from "./shared-options.ts";

export const whatifCommand: Command = {
  name: "whatif",
  takes: "FILE",
  files: { least: 1, most: 1 },
  about: "How long the run would have taken with other numbers.",
  more: "The scheduler runs once more, on paper; no task is called. Of several changes each is told by\nitself, and all of them together. Without any, it says what would help.",
  options: {
    concurrency: { takes: "N", help: "so many slots, or unlimited" },
    resource: { takes: "NAME=N", often: true, help: "so much of a resource, or unlimited" },
    map: { takes: "NAME=N", often: true, help: "so many items of a map at once, or unlimited" },
    faster: {
      takes: "NAME=N",
      often: true,
      help: "a task, map or item N times as fast, 2 for half as long",
    },
    "longest-first": { help: "the longest path goes first" },
    "no-failures": { help: "no attempt fails" },
    json: { help: "as JSON: what whatIf gives; null is unlimited" },
    flow: FLOW,
  },
  prepare(given, problems) {
    const [file = ""] = given.files;
    const change = changeOf(given, problems);
    const parts = partsOf(change);
    const changes = parts.length > 1 ? [...parts, change] : parts;
    return async (desk) => {
      const report = await readRun(file, given.text("flow"), desk);
      const study = studied(report, changes);
      if (report.formatVersion === "1.0") {
        tell(
          desk,
          "a report of version 1.0 says neither what tasks held nor how many items a map let in: nothing of that is simulated",
        );
      }
      if (given.flag("json")) {
        const { asRun, knee } = study;
        const answer = { run: report.run.id, asRun, changes: study.changes, knee };
        put(`${JSON.stringify(answer)}\n`, undefined, desk);
      } else {
        const { advice } = changes.length === 0 ? insight(report) : {};
        put(renderWhatIfText(report, study, advice), undefined, desk);
      }
      return exit.good;
    };
  },
};

function changeOf(given: Given, problems: string[]): Change {
  const map = (flag: string, text: string) => atOnce(flag, text, problems);
  const resource = (flag: string, text: string) => units(flag, text, problems);
  const faster = (flag: string, text: string): number | undefined => {
    const times = amount(flag, text, "how many times as fast, such as 2", problems);
    if (times === 0) problems.push(`Expected "${flag}" to be above 0: "${flag}=2" is half as long`);
    return times === undefined || times === 0 ? undefined : 1 / times;
  };
  const change: Record<keyof Change, unknown> = {
    concurrency: atOnce("--concurrency", given.text("concurrency"), problems),
    resources: named("--resource", given.all("resource"), resource, problems),
    mapConcurrency: named("--map", given.all("map"), map, problems),
    faster: named("--faster", given.all("faster"), faster, problems),
    longestFirst: given.flag("longest-first") || undefined,
    noFailures: given.flag("no-failures") || undefined,
    dispatch: undefined,
  };
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

/** Each lever by itself. */
function partsOf(change: Change): Change[] {
  return Object.entries(change).flatMap(([key, value]: [string, unknown]): Change[] => {
    if (typeof value !== "object" || value === null) return [{ [key]: value }];
    return Object.entries(value).map(([name, one]) => ({ [key]: { [name]: one } }));
  });
}

const FLAG: Readonly<Record<string, string>> = {
  concurrency: "--concurrency",
  resources: "--resource",
  mapConcurrency: "--map",
  faster: "--faster",
};

/** What the core refuses, in the words of the command line. */
function studied(report: SerializedReport, changes: readonly Change[]): ReturnType<typeof whatIf> {
  try {
    return whatIf(report, changes);
  } catch (cause) {
    if (!(cause instanceof DefinitionError || cause instanceof PlanError)) throw cause;
    const said = cause.issues.map(({ message, path }) => {
      const [, key = "", ...names] = path;
      const flag = FLAG[key];
      const place = `\`${path.join(".")}\``;
      if (flag === undefined) return message.replace("whatIf()", "whatif");
      const named = message.replace(place, `"${[flag, ...names].join(" ")}"`);
      return named.replace("Infinity", '"unlimited"');
    });
    // Of a lever that is told alone and with the others, once.
    const problems = Array.from(new Set(said));
    const wrongChange = cause.issues.some(({ path }) => path[0]?.startsWith("changes"));
    throw new CommandError(wrongChange ? exit.usage : exit.data, problems.join("\n"), { cause });
  }
}
