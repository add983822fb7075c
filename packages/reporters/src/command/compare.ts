/** `compare`: whether a run is worse than the one before it, and what changed. */
import { existsSync, realpathSync } from "node:fs";
import type { SerializedReport } from "@astrum/core";
import { compareReports } from "../asking/compare.ts";
import { renderComparisonHtml } from "../html/comparison-html.ts";
import { visible } from "../wording/visible.ts";
import { renderComparisonMarkdown } from "../writing/comparison-markdown.ts";
import { renderComparisonText } from "../writing/comparison-text.ts";
import type { Command, Given } from "./arguments.ts";
import { notStandardOutput, showPage } from "./browser.ts";
import { CommandError } from "./command-error.ts";
import { type Desk, tell } from "./desk.ts";
import { exit } from "./exit-code.ts";
import { amount, patterns } from "./option-values.ts";
import { notAnInput, put } from "./output.ts";
import { readRun } from "./read-run.ts";
import { FLOW, OPEN, OUT, REDACT } from "./shared-options.ts";

const FORMATS = ["markdown", "html", "json", "open"] as const;

export const compareCommand: Command = {
  name: "compare",
  takes: "BEFORE AFTER",
  files: { least: 2, most: 2 },
  about: "What changed from one run to the next, and whether it is worse.",
  more: "The exit code is 1 when it is broken (it did not complete, and the one before did) or slower.\nTwo runs of one log are FILE#RUN each.",
  options: {
    markdown: { help: "as Markdown, for a pull request" },
    html: { help: "as an HTML page, with both runs in one timeline" },
    json: { help: "as JSON: what compareReports gives" },
    open: OPEN,
    out: OUT,
    "min-ms": { takes: "N", help: "a change of fewer milliseconds is none (10)" },
    "min-ratio": {
      takes: "SHARE",
      help: "a change of less than this share of the time before is none (0.1)",
    },
    flow: FLOW,
    redact: REDACT,
  },
  prepare(given, problems) {
    const [first = "", second = ""] = given.files;
    const format = formatOf(given, problems);
    const out = given.text("out");
    const flow = given.text("flow");
    const redact = patterns("--redact", given.all("redact"), problems);
    const minMs = amount("--min-ms", given.text("min-ms"), "a number of milliseconds", problems);
    const share = "a share, such as 0.1";
    const minRatio = amount("--min-ratio", given.text("min-ratio"), share, problems);
    notAnInput(out, given.files, problems);
    if (format === "open") notStandardOutput(out, problems);
    refuseTheSame(first, second, problems);
    const options = { minMs, minRatio, redact };
    return async (desk) => {
      const before = await readRun(first, flow, desk);
      const after = await readRun(second, flow, desk);
      lookAtBoth(before, after, desk);
      const comparison = compareReports(before, after, options);
      if (format === "html" || format === "open") {
        const page = renderComparisonHtml(before, after, options);
        if (format === "html") put(page, out, desk);
        else {
          const name = `${after.run.flow || after.run.id}-compared`;
          await showPage(page, name, { out, browse: true }, desk);
        }
      } else if (format === "markdown") put(renderComparisonMarkdown(comparison), out, desk);
      else if (format === "json") put(`${JSON.stringify(comparison)}\n`, out, desk);
      else put(renderComparisonText(comparison), out, desk);
      return comparison.verdict.exitCode;
    };
  },
};

function formatOf(given: Given, problems: string[]): (typeof FORMATS)[number] | "text" {
  const asked = FORMATS.filter((format) => given.flag(format));
  const [format = "text"] = asked;
  // A page that is opened is HTML, whether that is said or not.
  if (asked.length === 2 && given.flag("html") && given.flag("open")) return "open";
  if (asked.length > 1) {
    const flags = asked.map((one) => `"--${one}"`).join(" and ");
    problems.push(`${flags} do not go together; leave all but one of them out`);
  }
  return format;
}

/** A run is never worse than itself: whoever gives it twice has made a mistake, and would be told that all is well. */
function refuseTheSame(first: string, second: string, problems: string[]): void {
  const exist = first !== "-" && existsSync(first) && existsSync(second);
  if (first !== second && !(exist && realpathSync(first) === realpathSync(second))) return;
  if (first === "-") return; // Told already.
  const way = "two runs of one log are FILE#RUN each";
  problems.push(`"${visible(first)}" is given twice; ${way}`);
}

function lookAtBoth(before: SerializedReport, after: SerializedReport, desk: Desk): void {
  const same = before.run.id === after.run.id && before.run.startedAt === after.run.startedAt;
  if (same) tell(desk, `both are the same run, ${visible(after.run.id)}`);
  const [was, is] = [before.run.flow, after.run.flow];
  if (was === is || was === undefined || is === undefined) return;
  const names = new Set(before.taskStatistics.map(({ taskName }) => taskName));
  if (after.taskStatistics.some(({ taskName }) => names.has(taskName))) {
    const flows = `"${visible(was)}" and "${visible(is)}"`;
    tell(desk, `these are runs of two flows, ${flows}: their tasks are matched by name`);
    return;
  }
  throw new CommandError(
    exit.data,
    `A run of flow "${visible(was)}" cannot be compared with one of flow "${visible(is)}": they have no task in common`,
  );
}
