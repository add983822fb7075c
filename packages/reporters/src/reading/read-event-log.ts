/**
 * An event log read back as a report. What the log says is taken as it stands; what it does not say because the process was
 * killed is "interrupted". Knows lines; how tasks add up to a report is `rebuilt-report`.
 */
import type { EncodedValue, SerializedReport } from "@astrum/core";
import { CollectedRun } from "./collected-run.ts";
import { type EventLine, LINE_VERSION } from "./log-format.ts";
import { ReportFormatError } from "./parse-report.ts";
import { rebuiltReport } from "./rebuilt-report.ts";

export interface ReadEventLogOptions {
  /** Default: the run that started last. */
  readonly runId?: string | undefined;
}

/**
 * Takes the path of a log, or its text: whatever holds a line break or starts with `{`.
 *
 * A log that ends before its run did gives a report whose `executionState` is `"interrupted"`: tasks that were running are
 * `abandoned`, those that were ready or between two attempts `cancelled`, the others `skipped`. With the outputs that a journal stored it is a valid
 * `resumeFrom`. A line that was cut off and lines of unknown types are skipped. What only the engine knows (slots, the
 * reasons of waiting) is worked out from the order of events where the log does not hold it.
 *
 * When a run was resumed in the same log, the outputs that it restored are those of the runs before it.
 *
 * @throws ReportFormatError when there is no line of an event log in it, or lines of a newer version.
 */
export function readEventLog(
  pathOrText: string | URL,
  options: ReadEventLogOptions = {},
): SerializedReport {
  const runs = runsOf(textOf(pathOrText));
  const chosen = options.runId === undefined ? lastStarted(runs) : runs.get(options.runId);
  if (chosen === undefined) {
    const known = Array.from(runs.keys(), (id) => JSON.stringify(id)).join(", ");
    throw new ReportFormatError(
      `The log holds no run ${JSON.stringify(options.runId)}, only ${known}.`,
    );
  }
  return rebuiltReport(chosen, earlierOutputs(runs, chosen));
}

function textOf(pathOrText: string | URL): string {
  const isText = typeof pathOrText === "string" && /^\s*\{|\n/.test(pathOrText);
  if (isText) return pathOrText;
  if (pathOrText === "") throw new ReportFormatError("The event log is empty.");
  const fs = globalThis.process?.getBuiltinModule?.("node:fs");
  if (fs === undefined)
    throw new Error("readEventLog() needs the text of the log in a runtime without files.");
  return fs.readFileSync(pathOrText, "utf8");
}

function runsOf(text: string): Map<string, CollectedRun> {
  const runs = new Map<string, CollectedRun>();
  for (const raw of text.split("\n")) {
    const line = lineOf(raw);
    if (line === undefined) continue;
    let run = runs.get(line.run);
    if (run === undefined || (line.type === "run.start" && run.started)) {
      run = new CollectedRun(line.run, line.at);
      // Last started is last in the map.
      runs.delete(line.run);
      runs.set(line.run, run);
    }
    run.take(line);
  }
  if (runs.size > 0) return runs;
  throw new ReportFormatError(
    /"format"\s*:\s*"astrum\.execution-report"/.test(text.slice(0, 2000))
      ? "This is a report, not an event log: use parseReport()."
      : "This is not an event log: there is no complete line of one in it.",
  );
}

function lineOf(raw: string): EventLine | undefined {
  if (!raw.startsWith("{")) return undefined;
  let line: Partial<EventLine> | null;
  try {
    line = JSON.parse(raw) as Partial<EventLine> | null;
  } catch {
    // The process was killed inside this line.
    return undefined;
  }
  if (typeof line?.v !== "number" || typeof line.type !== "string") return undefined;
  if (line.v > LINE_VERSION) {
    throw new ReportFormatError(
      `This event log has lines of version ${line.v}; this reader knows version ${LINE_VERSION}. Update @astrum/reporters to read it.`,
    );
  }
  return typeof line.run === "string" && typeof line.at === "number"
    ? (line as EventLine)
    : undefined;
}

/** A run of which only the journal is in the log counts as started with its first line. */
function lastStarted(runs: ReadonlyMap<string, CollectedRun>): CollectedRun | undefined {
  const all = Array.from(runs.values());
  return all.findLast(({ started }) => started) ?? all.at(-1);
}

/** By task, with the fingerprint that they belong to; later runs before earlier ones. */
function earlierOutputs(
  runs: ReadonlyMap<string, CollectedRun>,
  chosen: CollectedRun,
): Map<string, { readonly fingerprint: string; readonly output: EncodedValue }> {
  const outputs = new Map<string, { fingerprint: string; output: EncodedValue }>();
  for (const run of runs.values()) {
    if (run === chosen) break;
    for (const [key, { fingerprint, output }] of run.stored) {
      outputs.set(key, { fingerprint, output });
    }
  }
  return outputs;
}
