/** `convert`: a run in any format that the package has. */
import { type Reporter, type ReporterName, reporters } from "../reporter-table.ts";
import { visible } from "../wording/visible.ts";
import { writeJson } from "../writing/json.ts";
import type { Command, Given } from "./arguments.ts";
import { CommandError } from "./command-error.ts";
import { exit } from "./exit-code.ts";
import { oneOf, patterns } from "./option-values.ts";
import { notAnInput, put, putStream } from "./output.ts";
import { readRun } from "./read-run.ts";
import { FLOW, OUT, REDACT } from "./shared-options.ts";

const FORMATS = Object.keys(reporters) as ReporterName[];

export const convertCommand: Command = {
  name: "convert",
  takes: "FILE",
  files: { least: 1, most: 1 },
  about: "The run in another format.",
  more: `Formats: ${FORMATS.slice(0, 9).join(", ")},\n${FORMATS.slice(9).join(", ")}. Without --to the name of --out says which: run.junit.xml, run.csv.\nValues of tasks are left out.`,
  options: {
    to: { takes: "FORMAT", help: "which one" },
    out: OUT,
    flow: FLOW,
    redact: REDACT,
  },
  prepare(given, problems) {
    const [file = ""] = given.files;
    const out = given.text("out");
    const flow = given.text("flow");
    const redact = patterns("--redact", given.all("redact"), problems);
    const { name, render } = formatOf(given, problems);
    notAnInput(out, given.files, problems);
    return async (desk) => {
      const report = await readRun(file, flow, desk);
      // The one format that may be more than one text can hold.
      if (name === "json") {
        await putStream((stream) => writeJson(report, stream, { redact }), out, desk);
        return exit.good;
      }
      put(
        rendered(() => render(report, { redact }), name),
        out,
        desk,
      );
      return exit.good;
    };
  },
};

function formatOf(given: Given, problems: string[]): Reporter {
  const to = given.text("to");
  const out = given.text("out");
  if (to !== undefined) return reporters[oneOf("--to", to, FORMATS, problems)];
  if (out === undefined) {
    problems.push('Expected "--to" with a format, or "--out" with a name that says which');
    return reporters.json;
  }
  const byExtension = Object.values(reporters)
    .filter(({ extension }) => out.endsWith(`.${extension}`))
    .sort((a, b) => b.extension.length - a.extension.length);
  if (byExtension[0] === undefined) {
    problems.push(`The name "${visible(out)}" does not say which format; add "--to"`);
  }
  return byExtension[0] ?? reporters.json;
}

function rendered(render: () => string, format: string): string {
  try {
    return render();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CommandError(
      exit.data,
      `The run is larger than one text of the format ${format} can be; json has no such limit`,
      { cause },
    );
  }
}
