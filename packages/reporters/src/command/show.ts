/** `show`: a run in the terminal, as text. */
import { printSummary } from "../terminal/summary.ts";
import { writeJson } from "../writing/json.ts";
import { renderText } from "../writing/text.ts";
import type { Command } from "./arguments.ts";
import { exit } from "./exit-code.ts";
import { patterns } from "./option-values.ts";
import { putStream } from "./output.ts";
import { readRun } from "./read-run.ts";
import { FLOW, REDACT } from "./shared-options.ts";

export const showCommand: Command = {
  name: "show",
  takes: "FILE",
  files: { least: 1, most: 1 },
  about: "The run as text: what failed, why it took so long, what would make it faster.",
  more: "On a terminal with colours, and the most important last. The exit code is 1 when the run did\nnot complete.",
  options: {
    tasks: { help: "a line for every task, too" },
    json: { help: "the report as JSON, also of an event log; its schema is part of the package" },
    flow: FLOW,
    redact: REDACT,
  },
  prepare(given, problems) {
    const [file = ""] = given.files;
    const flow = given.text("flow");
    const redact = patterns("--redact", given.all("redact"), problems);
    const [json, tasks] = [given.flag("json"), given.flag("tasks")];
    if (json && tasks) {
      problems.push(
        '"--json" has every task, and does not go with "--tasks"; leave one of them out',
      );
    }
    return async (desk) => {
      const report = await readRun(file, flow, desk);
      const { stdout } = desk;
      const color = given.flag("no-color") ? false : given.flag("color") ? true : undefined;
      if (json) await putStream((stream) => writeJson(report, stream, { redact }), undefined, desk);
      else if (!tasks && (stdout.isTTY === true || isForced(color))) {
        printSummary(report, { stream: stdout, color, stacks: true, redact });
      } else stdout.write(renderText(report, { tasks, redact }));
      return report.executionState === "completed" ? exit.good : exit.bad;
    };
  },
};

/** Colours that are no guess: also a service that shows them in its logs may have redirected this to a file. */
function isForced(color: boolean | undefined): boolean {
  if (color !== undefined) return color;
  const { FORCE_COLOR = "", NO_COLOR = "" } = process.env;
  return NO_COLOR === "" && !["", "0", "false"].includes(FORCE_COLOR.toLowerCase());
}
