/** Options that several commands have, and mean the same by. */
import type { Option } from "./arguments.ts";

export const FLOW: Option = {
  takes: "NAME",
  help: "of a log with runs of several flows, only those of this one",
};

export const OUT: Option = { takes: "FILE", help: "write there, and not to standard output" };

export const REDACT: Option = {
  takes: "PATTERN",
  often: true,
  help: "leave out what matches this regular expression, beside what looks like a credential",
};

export const OPEN: Option = { help: "as HTML in a temporary file, opened in the browser" };
