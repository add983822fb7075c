/** The run that a log from earlier holds. A log that cannot be read is wrong usage: it was named on the command line. */
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { SerializedReport } from "@astrum/core";
import { readEventLog } from "@astrum/reporters";
import { UsageError } from "./usage-error.ts";

/** `cannot` begins what is said when it is no log. */
export function earlierRun(path: string, cannot: string): SerializedReport {
  if (!existsSync(path)) throw new UsageError(`${cannot}: there is no such file`);
  try {
    // As a URL, since a path with a line break would be taken for the text of a log.
    return readEventLog(pathToFileURL(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // What the system or the reader refused has a code.
    if (code === undefined) throw error;
    throw new UsageError(`${cannot}: ${message}`);
  }
}
