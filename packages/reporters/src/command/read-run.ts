/**
 * The runs that a FILE of the command line holds, as reports: the one that was asked for, or all of them. What a reader should
 * know beside the report goes to standard error: which run was taken, that it is being written, that outputs are encrypted.
 */
import { statSync } from "node:fs";
import type { SerializedReport } from "@astrum/core";
import { logLines } from "../reading/log-lines.ts";
import type { LoggedRun } from "../reading/log-runs.ts";
import { parseReport, ReportFormatError } from "../reading/parse-report.ts";
import { readEventLog, runsOf } from "../reading/read-event-log.ts";
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
  const runs = runsIn(source, flow);
  const chosen = runs.at(-1) as LoggedRun;
  const ids = Array.from(new Set(runs.map(({ id }) => id)));
  if (source.run === undefined && ids.length > 1) {
    const others = ids.filter((id) => id !== chosen.id).slice(-NAMED);
    const ways = others.map((id) => `"${visible(`${source.given}#${id}`)}"`).join(", ");
    const last = `this is the one that started last, ${visible(chosen.id)}`;
    tell(desk, `${source.shown} holds ${ids.length} runs; ${last}. Others: ${ways}`);
  }
  return fromLog(source, chosen.id, flow, desk);
}

/** Every run of a log, in the order in which they started. @throws CommandError */
export async function readRuns(
  given: string,
  flow: string | undefined,
  desk: Desk,
): Promise<SerializedReport[]> {
  const source = await sourceOf(given, desk);
  if (source.kind === "report") return [reportOf(source, flow)];
  const ids = new Set(runsIn(source, flow).map(({ id }) => id));
  return Array.from(ids, (id) => fromLog(source, id, flow, desk));
}

/** Those that may be meant, at least one. */
function runsIn(source: Source, flow: string | undefined): readonly LoggedRun[] {
  const { shown, run } = source;
  const all = reading(source, () => runsOf(logLines(source.content)));
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
  if (run === undefined) return asked;
  const found = asked.filter(({ id }) => id === run);
  if (found.length > 0) return found;
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

function fromLog(
  source: Source,
  runId: string,
  flow: string | undefined,
  desk: Desk,
): SerializedReport {
  const { content, path, shown } = source;
  const size = path === undefined ? 0 : statSync(path).size;
  const report = reading(source, () => readEventLog(content, { runId, flow }));
  if (path !== undefined && report.executionState === "interrupted") {
    const writer = writerOf(content as URL);
    const grown = statSync(path).size !== size;
    if (writer !== undefined) {
      tell(
        desk,
        `${shown} is in use by process ${writer.pid} on ${visible(writer.host)}: this is how far the run is`,
      );
    } else if (grown) {
      tell(desk, `${shown} is being written: this is how far the run was`);
    }
  }
  const sealed = Object.values(report.outputs ?? {}).filter(isSealed).length;
  if (sealed > 0) {
    const are = sealed === 1 ? "1 output" : `${sealed} outputs`;
    tell(
      desk,
      `${are} of ${shown} can only be read with the key: names, times and errors can be without`,
    );
  }
  return report;
}

function isSealed(output: NonNullable<SerializedReport["outputs"]>[string]): boolean {
  return output.encoding === "omitted" && output.type === "encrypted";
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

/** What is wrong with it, with its name. */
function reading<T>({ shown }: Source, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const { message, syscall } = cause as NodeJS.ErrnoException;
    const format = cause instanceof ReportFormatError;
    // It was there a moment ago.
    if (!format && syscall === undefined) throw cause;
    const text = message.replace(" For an event log use readEventLog().", "");
    throw new CommandError(format ? exit.data : exit.missing, `Cannot read ${shown}: ${text}`, {
      cause,
    });
  }
}
