/** `strip`: many runs of a flow beside each other. */
import type { SerializedReport } from "@astrum/core";
import { manyRuns } from "../asking/many-runs.ts";
import { renderStripHtml } from "../html/strip-html.ts";
import { redactReport } from "../wording/redact.ts";
import { visible } from "../wording/visible.ts";
import { renderStripText } from "../writing/strip-text.ts";
import type { Command } from "./arguments.ts";
import { notStandardOutput, showPage } from "./browser.ts";
import { CommandError } from "./command-error.ts";
import type { Desk } from "./desk.ts";
import { exit } from "./exit-code.ts";
import { patterns } from "./option-values.ts";
import { notAnInput, put } from "./output.ts";
import { readRuns } from "./read-run.ts";
import { FLOW, OPEN, OUT, REDACT } from "./shared-options.ts";

export const stripCommand: Command = {
  name: "strip",
  takes: "FILE…",
  files: { least: 1, most: Number.POSITIVE_INFINITY },
  about:
    "Many runs beside each other: a line a task, a cell a run; flaky and failing ones by themselves.",
  more: "Of a log every run is taken. The same run twice counts once.",
  options: {
    html: { help: "as an HTML page" },
    open: OPEN,
    out: OUT,
    flow: FLOW,
    redact: REDACT,
  },
  prepare(given, problems) {
    const out = given.text("out");
    const flow = given.text("flow");
    const redact = patterns("--redact", given.all("redact"), problems);
    notAnInput(out, given.files, problems);
    if (given.flag("open")) notStandardOutput(out, problems);
    return async (desk) => {
      const many = manyRuns(await allRuns(given.files, flow, redact, desk));
      const { columns } = desk.stdout;
      const width = out === undefined && desk.stdout.isTTY === true ? columns || 80 : undefined;
      if (given.flag("open")) {
        const name = `${many.runs.at(-1)?.run.flow || "runs"}-strip`;
        await showPage(renderStripHtml(many), name, { out, browse: true }, desk);
      } else if (given.flag("html")) put(renderStripHtml(many), out, desk);
      else put(renderStripText(many, width), out, desk);
      return exit.good;
    };
  },
};

async function allRuns(
  files: readonly string[],
  flow: string | undefined,
  redact: readonly RegExp[] | undefined,
  desk: Desk,
): Promise<SerializedReport[]> {
  const reports: SerializedReport[] = [];
  for (const file of files) {
    for await (const report of readRuns(file, flow, desk)) {
      // Of a hundred runs the values of their tasks are too much to keep, and nobody asks for them here.
      const { outputs: _, origins: __, ...rest } = report;
      reports.push(redactReport(rest, redact));
    }
  }
  const flows = new Set(reports.map(({ run }) => run.flow ?? ""));
  if (flows.size > 1) {
    const names = Array.from(flows, (name) => `"${visible(name)}"`).join(", ");
    throw new CommandError(
      exit.data,
      `These are runs of ${flows.size} flows, ${names}; name one of them with "--flow"`,
    );
  }
  return reports;
}
