/**
 * The runs that a FILE of the command line holds, as reports: the one that was asked for, or all of them. What a reader should
 * know beside the report goes to standard error: which run was taken, that it is being written, that outputs are encrypted.
 */
import { statSync } from "node:fs";
import type { SerializedReport } from "@astrum/core";
import { logLines } from "../reading/log-lines.ts";
import type { LoggedRun } from "../reading/log-runs.ts";
import { parseReport, ReportFormatError } from "../reading/parse-report.ts";
import { reportOfRun, reportsOfRuns, runsOf } from "../reading/read-event-log.ts";
import { isSealed } from "../reading/sealed.ts";
import { writerOf } from "../resuming/log-lock.ts";
import { visible } from "../wording/visible.ts";
import { CommandError } from "./command-error.ts";
import { type Desk, tell } from "./desk.ts";
import { exit } from "./exit-code.ts";
import { didYouMean } from "./option-values.ts";
import { type Source, sourceOf } from "./source.ts";

/** Runs that a note or a complaint names. */
const NAMED = 5;

/** The last run, or the one that was asked for; with `flow`, of that one. @throws CommandError */
export async function readRun(
  given: string,
  flow: string | undefined,
  desk: Desk,
): Promise<SerializedReport> {
  const source = await sourceOf(given, desk);
  if (source.kind === "report") return reportOf(source, flow);
  const { size, lines, all, asked } = runsIn(source, flow);
  const chosen = asked.at(-1) as LoggedRun;
  const ids = Array.from(new Set(asked.map(({ id }) => id)));
  if (source.run === undefined && ids.length > 1) {
    const others = ids.filter((id) => id !== chosen.id);
    const ways = others.slice(-NAMED).map((id) => `"${visible(`${source.given}#${id}`)}"`);
    const more = others.length > NAMED ? ` and ${others.length - NAMED} before` : "";
    const last = `this is the one that started last, ${visible(chosen.id)}`;
    tell(
      desk,
      `${source.shown} holds ${ids.length} runs; ${last}. Others: ${ways.join(", ")}${more}`,
    );
  }
  return reading(source, () => {
    const report = reportOfRun(lines, chosen, all, undefined);
    if (report.executionState === "interrupted") tellWhoWrites(source, size, desk);
    tellSealed(source, report, desk);
    return report;
  });
}

/**
 * Every run of a log, each when it has been read, in the order in which they ended; of runs with the same id the last.
 *
 * @throws CommandError
 */
export async function* readRuns(
  given: string,
  flow: string | undefined,
  desk: Desk,
): AsyncGenerator<SerializedReport> {
  const source = await sourceOf(given, desk);
  if (source.kind === "report") {
    yield reportOf(source, flow);
    return;
  }
  const { size, lines, asked } = runsIn(source, flow);
  const last = new Map(asked.map((run) => [run.id, run]));
  let ended = true;
  try {
    for (const report of reportsOfRuns(lines, Array.from(last.values()))) {
      ended = report.executionState !== "interrupted";
      yield report;
    }
    if (!ended) tellWhoWrites(source, size, desk);
  } catch (cause) {
    throw unreadable(source, cause);
  }
}

interface RunsIn {
  /** Of the file, when it was looked at first. */
  readonly size: number;
  /** The same each time that they are gone through, though the log may grow. */
  readonly lines: Iterable<string>;
  readonly all: readonly LoggedRun[];
  /** Those that may be meant, at least one. */
  readonly asked: readonly LoggedRun[];
}

function runsIn(source: Source, flow: string | undefined): RunsIn {
  const { shown, run, path, content } = source;
  const { size, lines, all } = reading(source, () => {
    const size = path === undefined ? 0 : statSync(path).size;
    const lines = logLines(content);
    return { size, lines, all: runsOf(lines) };
  });
  if (all.length === 0) {
    throw new CommandError(
      exit.data,
      `${shown} holds no run yet: no line of one is complete in it`,
    );
  }
  const asked = flow === undefined ? all : all.filter((one) => one.flow === flow);
  if (asked.length === 0) {
    const flows = Array.from(new Set(all.flatMap((one) => one.flow ?? [])));
    throw noSuch(
      `${shown} holds no run of flow "${visible(flow as string)}"`,
      flow as string,
      flows,
    );
  }
  if (run === undefined) return { size, lines, all, asked };
  const found = asked.filter(({ id }) => id === run);
  if (found.length > 0) return { size, lines, all, asked: found };
  const ids = Array.from(new Set(asked.map(({ id }) => id)));
  throw noSuch(`${shown} holds no run "${visible(run)}"`, run, ids);
}

function noSuch(what: string, name: string, known: readonly string[]): CommandError {
  const shown = known.map(visible);
  const near = didYouMean(name, shown);
  const list = shown.slice(-NAMED).map((one) => `"${one}"`);
  const more = shown.length > NAMED ? `${shown.length - NAMED} others and ` : "";
  return new CommandError(
    exit.data,
    near === "" ? `${what}; it holds ${more}${list.join(", ")}` : `${what}${near}`,
  );
}

/** Of a run that has not ended: whether it still may. */
function tellWhoWrites({ path, shown, content }: Source, size: number, desk: Desk): void {
  if (path === undefined) return;
  const writer = writerOf(content as URL);
  if (writer !== undefined) {
    const who = `process ${writer.pid} on ${visible(writer.host)}`;
    tell(desk, `${shown} is in use by ${who}: this is how far the run is`);
  } else if (statSync(path).size !== size) {
    tell(desk, `${shown} is being written: this is how far the run was`);
  }
}

function tellSealed({ shown }: Source, { outputs = {} }: SerializedReport, desk: Desk): void {
  const sealed = Object.values(outputs).filter(isSealed).length;
  if (sealed === 0) return;
  const are = sealed === 1 ? "1 output" : `${sealed} outputs`;
  tell(
    desk,
    `${are} of ${shown} can only be read with the key: names, times and errors can be without`,
  );
}

function reportOf(source: Source, flow: string | undefined): SerializedReport {
  const report = reading(source, () => parseReport(source.content));
  const { run } = report;
  if (source.run !== undefined && source.run !== run.id) {
    throw noSuch(`${source.shown} holds no run "${visible(source.run)}"`, source.run, [run.id]);
  }
  if (flow !== undefined && flow !== run.flow) {
    throw noSuch(
      `${source.shown} holds no run of flow "${visible(flow)}"`,
      flow,
      run.flow === undefined ? [] : [run.flow],
    );
  }
  return report;
}

function reading<T>(source: Source, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw unreadable(source, cause);
  }
}

/** What is wrong with it, with its name; what nobody expected stays what it is. */
function unreadable({ shown }: Source, cause: unknown): unknown {
  const { message, code = "" } = cause as NodeJS.ErrnoException;
  const format = cause instanceof ReportFormatError;
  // Of the system: it was there a moment ago.
  if (!format && !/^E[A-Z0-9]+$/.test(code)) return cause;
  const text = message.replace(" For an event log use readEventLog().", "");
  return new CommandError(format ? exit.data : exit.missing, `Cannot read ${shown}: ${text}`, {
    cause,
  });
}
