/**
 * Lets a line of an event log pass if it holds what it must, and says which line does not, and where. Whatever anything has
 * done to a log: what is made of the lines that pass is a valid report. Knows no run.
 */
import { isDeep } from "../wording/given-report.ts";
import { lineDefinitions, lineSchemas } from "./line-schema.ts";
import type { EventLine } from "./log-format.ts";
import { complaint, ReportFormatError } from "./parse-report.ts";
import { SchemaCheck } from "./schema-check.ts";

/** Somewhat less than a report may have, in which what a line says lies deeper. */
const DEEPEST = 240;

const check = new SchemaCheck(lineDefinitions);

/**
 * `line` is of a type that this version knows; `number` counts the lines of the log from 1.
 *
 * @throws ReportFormatError when it is not what such a line holds.
 */
export function checkedLine(line: { readonly type: string }, number: number): EventLine {
  const what = `Line ${number} of the event log is damaged`;
  const way = "The log can be read without that line.";
  if (isDeep(line, DEEPEST)) {
    throw new ReportFormatError(`${what}: it is nested deeper than ${DEEPEST} levels. ${way}`);
  }
  const schema = lineSchemas.get(line.type);
  const issues = schema === undefined ? [] : check.issues(schema, line);
  if (issues.length === 0) return line as EventLine;
  throw new ReportFormatError(`${complaint(what, "the line", issues)}\n${way}`, issues);
}
