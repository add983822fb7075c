/**
 * An event log read back as a report. What the log says is taken as it stands; what it does not say because the process was
 * killed is "interrupted". Knows which runs are read; how tasks add up to a report is `rebuilt-report`.
 */
import type { SerializedReport } from "@astrum/core";
import { checkOptions, type Rules, text } from "astrum-options";
import { CollectedRun, type StoredOutput, storedOutput } from "./collected-run.ts";
import { logLines } from "./log-lines.ts";
import { chainOf, type LoggedRun, LogRuns, parsedLine } from "./log-runs.ts";
import { ReportFormatError } from "./parse-report.ts";
import { rebuiltReport } from "./rebuilt-report.ts";
import { type Encryption, encryptionRule, unsealed } from "./sealed.ts";

export interface ReadEventLogOptions {
  /** Default: the run that started last. */
  readonly runId?: string | undefined;
  /** Only runs of the flow of that name. With none of it in the log, an empty report. */
  readonly flow?: string | undefined;
  /** As the log was written with. Without it, outputs that were encrypted count as not stored. */
  readonly encryption?: Encryption | undefined;
}

const RULES: Rules<ReadEventLogOptions> = { runId: text, flow: text, encryption: encryptionRule };

/**
 * Takes the path of a log, or its text: whatever is empty, holds a line break or starts with `{`. A log may be larger
 * than memory; the runs that are read of it may not.
 *
 * A log that ends before its run did gives a report whose `executionState` is `"interrupted"`: tasks that were running are
 * `abandoned`, those that were ready or between two attempts `cancelled`, the others `skipped`. With the outputs that a journal stored it is a valid
 * `resumeFrom`. A line that was cut off and lines of unknown types are skipped. What only the engine knows (slots, the
 * reasons of waiting) is worked out from the order of events where the log does not hold it.
 *
 * When the run took up an earlier one in the same log, what it had not stored again yet is taken from that one, and so on:
 * nothing is lost however often a run is killed and taken up. Other runs in the log are left alone.
 *
 * A log that is empty, or holds nothing but lines that were cut off, gives an empty report: a run that is given it starts
 * from the beginning.
 *
 * Whatever a log holds: what is handed out is a valid report. A line that could not be one of a run is refused with its
 * number; lines that are no JSON, of unknown types or of something else are let pass.
 *
 * @throws ReportFormatError when it is no event log, has lines that are damaged or of a newer version, or not the run that
 * is asked for.
 */
export function readEventLog(
  pathOrText: string | URL,
  options: ReadEventLogOptions = {},
): SerializedReport {
  checkOptions("readEventLog", options, RULES);
  const lines = logLines(pathOrText);
  const runs = runsOf(lines);
  const { runId, flow } = options;
  const asked = flow === undefined ? runs : runs.filter((run) => run.flow === flow);
  const chosen = runId === undefined ? asked.at(-1) : asked.findLast(({ id }) => id === runId);
  if (chosen === undefined && runId !== undefined) {
    const known = Array.from(new Set(asked.map(({ id }) => JSON.stringify(id))));
    const more = known.length > NAMED ? ` and ${known.length - NAMED} more` : "";
    const only = known.length === 0 ? "nothing" : `${known.slice(0, NAMED).join(", ")}${more}`;
    const of = flow === undefined ? "" : ` of the flow ${JSON.stringify(flow)}`;
    throw new ReportFormatError(
      `The log holds no run ${JSON.stringify(runId)}${of}, only ${only}.`,
    );
  }
  if (chosen === undefined) return rebuiltReport(new CollectedRun("", 0), new Map());
  return reportOfRun(lines, chosen, runs, options.encryption);
}

/** Of the runs of a log, in a complaint. */
const NAMED = 10;

/** Of one of `all`, the runs of these lines. */
export function reportOfRun(
  lines: Iterable<string>,
  chosen: LoggedRun,
  all: readonly LoggedRun[],
  encryption: Encryption | undefined,
): SerializedReport {
  const { run, earlier } = collected(lines, chosen, all, encryption);
  return rebuiltReport(run, earlier);
}

/**
 * Of each of `chosen`, as soon as its last line has been read: the lines are gone through once, however many runs there are,
 * and no more of them are kept than were going on at once. Without what runs stored that they took up.
 *
 * @throws ReportFormatError for lines of them that are damaged.
 */
export function* reportsOfRuns(
  lines: Iterable<string>,
  chosen: readonly LoggedRun[],
): Generator<SerializedReport> {
  const lastLines = new Map(chosen.map(({ place, lastLine }) => [place, lastLine]));
  const runs = new LogRuns();
  const going = new Map<number, CollectedRun>();
  let number = 0;
  for (const raw of lines) {
    const place = runs.find(raw, ++number)?.run.place;
    const lastLine = place === undefined ? undefined : lastLines.get(place);
    if (place === undefined || lastLine === undefined) continue;
    let run = going.get(place);
    const line = parsedLine(raw, number);
    if (line !== undefined) {
      run ??= new CollectedRun(line.run, line.at);
      going.set(place, run);
      run.take(line);
    }
    if (number < lastLine || run === undefined) continue;
    going.delete(place);
    yield rebuiltReport(run, new Map());
  }
}

export function runsOf(lines: Iterable<string>): readonly LoggedRun[] {
  const runs = new LogRuns();
  let foreign: string | undefined;
  let number = 0;
  for (const raw of lines) {
    if (runs.find(raw, ++number) === undefined && !isCutOff(raw)) foreign ??= raw;
  }
  if (runs.all.length > 0 || foreign === undefined) return runs.all;
  throw new ReportFormatError(
    /"format"\s*:\s*"astrum\.execution-report"/.test(foreign.slice(0, 2000))
      ? "This is a report, not an event log: use parseReport()."
      : "This is not an event log: there is no complete line of one in it.",
  );
}

/** What a crash leaves of a line, or of a file that was to be written: its beginning, nothing, or zeros. */
function isCutOff(raw: string): boolean {
  const start = '{"v":';
  return raw.startsWith(start) || start.startsWith(raw) || /^[\0\s]*$/.test(raw);
}

/** The second time through: only lines that are wanted are looked into. */
function collected(
  lines: Iterable<string>,
  chosen: LoggedRun,
  all: readonly LoggedRun[],
  encryption: Encryption | undefined,
): { readonly run: CollectedRun; readonly earlier: ReadonlyMap<string, StoredOutput> } {
  const chain = chainOf(chosen, all);
  const distance = new Map(chain.map(({ place }, at) => [place, at]));
  const runs = new LogRuns();
  let run: CollectedRun | undefined;
  /** What the nearest of the earlier runs stored: each tells again what it took over, and the chain may be long. */
  const earlier = new Map<string, StoredOutput>();
  const nearest = new Map<string, number>();
  let number = 0;
  for (const raw of lines) {
    const found = runs.find(raw, ++number);
    const at = found && distance.get(found.run.place);
    if (found === undefined || at === undefined) continue;
    if (at > 0 && found.type !== "completed") continue;
    const parsed = parsedLine(raw, number);
    if (parsed === undefined) continue;
    const line = unsealed(parsed, number, encryption);
    if (at === 0) {
      run ??= new CollectedRun(line.run, line.at);
      run.take(line);
    } else if (line.type === "completed" && at <= (nearest.get(line.task) ?? at)) {
      nearest.set(line.task, at);
      earlier.set(line.task, storedOutput(line));
    }
  }
  return { run: run ?? new CollectedRun(chosen.id, 0), earlier };
}
