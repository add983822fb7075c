/** The reports of a run, by the names of `--report`: which format each is, and the file it goes to. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { SerializedReport } from "@astrum/core";
import { type ReporterName, reporters } from "@astrum/reporters";

export type ReportName = "html" | "json" | "ndjson" | "junit" | "trace" | "md" | "mermaid" | "dot";

const formats: Readonly<Record<ReportName, ReporterName>> = {
  html: "html",
  json: "json",
  ndjson: "ndjson",
  junit: "junit",
  trace: "chrome-trace",
  md: "markdown",
  mermaid: "mermaid",
  dot: "dot",
};
export const reportNames = Object.keys(formats) as readonly ReportName[];

/** Resolves with the names of the files, `report.html` and so on. */
export async function writeReports(
  folder: string,
  names: readonly ReportName[],
  report: SerializedReport,
): Promise<string[]> {
  const files = names.map((name) => {
    const { extension, render } = reporters[formats[name]];
    return { file: `report.${extension}`, text: render(report) };
  });
  await Promise.all(files.map(({ file, text }) => writeFile(resolve(folder, file), text)));
  return files.map(({ file }) => file);
}
