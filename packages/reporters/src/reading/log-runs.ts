/**
 * Which runs an event log holds, which of its lines belong to which of them, and which run took up which. Looks at the
 * head of a line only; what else it says is for `collected-run`.
 */
import { checkedLine } from "./check-line.ts";
import { isAsWritten } from "./line-sum.ts";
import { type EventLine, isLineType, LINE_VERSION } from "./log-format.ts";
import { ReportFormatError } from "./parse-report.ts";

/** One run of a log. */
export interface LoggedRun {
  readonly id: string;
  /** Its place among the runs of the log, by their first lines. */
  readonly place: number;
  flow: string | undefined;
  /** The id of the run that it took up. */
  resumes: string | undefined;
  /** Its observer and its journal have said that it starts; it has said that it ends. */
  observed: boolean;
  journaled: boolean;
  ended: boolean;
  /** As far as the log says. */
  completed: boolean;
  /** The number of its last line. */
  lastLine: number;
}

/** The start of a line as this package writes it; others are parsed. */
const HEAD = /^\{"v":(\d+),"seq":\d+,"run":"([^"\\]*)","at":[-+.\deE]+,"type":"([a-z.]+)"/;

/** Finds the run of each line, for lines that are told in the order of the log. */
export class LogRuns {
  /** In the order of their first lines. */
  readonly all: LoggedRun[] = [];
  /** The run that an id stands for now: the caller may give the same one to run after run. */
  readonly #latest: Map<string, LoggedRun> = new Map();

  /**
   * The run that a line belongs to, and the type of the line; none for what is no line. `number` counts lines from 1.
   *
   * @throws ReportFormatError for a newer version, and for what such a line cannot hold.
   */
  find(
    raw: string,
    number: number,
  ): { readonly run: LoggedRun; readonly type: string } | undefined {
    const [, version, id = "", type = ""] = HEAD.exec(raw) ?? [];
    if (version !== undefined) {
      refuseNewer(Number(version));
      const known = this.#latest.get(id);
      if (known !== undefined && type !== "run.start" && type !== "started") {
        known.lastLine = number;
        if (type === "run.end") noteEnd(known, parsedLine(raw, number));
        return { run: known, type };
      }
    }
    // A line that was cut off starts no run.
    const line = parsedLine(raw, number);
    if (line === undefined) return undefined;
    const run = this.#runOf(line);
    run.lastLine = number;
    return { run, type: line.type };
  }

  #runOf(line: EventLine): LoggedRun {
    let run = this.#latest.get(line.run);
    // The observer is told of a run before its journal.
    const anew =
      run !== undefined &&
      ((line.type === "run.start" && (run.observed || run.journaled)) ||
        (line.type === "started" && (run.journaled || run.ended)));
    if (run === undefined || anew) {
      run = {
        id: line.run,
        place: this.all.length,
        flow: undefined,
        resumes: undefined,
        observed: false,
        journaled: false,
        ended: false,
        completed: false,
        lastLine: 0,
      };
      this.all.push(run);
      this.#latest.set(line.run, run);
    }
    if (line.type === "run.start") run.observed = true;
    if (line.type === "started") run.journaled = true;
    noteEnd(run, line);
    if (line.type === "run.start" || line.type === "started") {
      const resumes =
        line.resumes ?? (line.type === "run.start" ? line.report?.run.resumes : undefined);
      if (resumes !== undefined) run.resumes = resumes;
      run.flow = line.flow;
    }
    return run;
  }
}

function noteEnd(run: LoggedRun, line: EventLine | undefined): void {
  if (line?.type !== "run.end") return;
  run.ended = true;
  run.completed = line.executionState === "completed";
}

/** A run, the one that it took up, and so on: each the last of its id before the other. */
export function chainOf(run: LoggedRun, all: readonly LoggedRun[]): LoggedRun[] {
  const chain = [run];
  let wanted = run.resumes;
  // Once through, however long the chain is.
  for (let place = run.place - 1; place >= 0 && wanted !== undefined; place--) {
    const earlier = all[place] as LoggedRun;
    if (earlier.id !== wanted) continue;
    chain.push(earlier);
    wanted = earlier.resumes;
  }
  return chain;
}

/**
 * A line, or nothing for what is none: a process was killed inside of it, it belongs to something else, or this version
 * does not know its type. `number` counts lines from 1.
 *
 * @throws ReportFormatError for a newer version, and for what such a line cannot hold.
 */
export function parsedLine(raw: string, number: number): EventLine | undefined {
  if (!raw.startsWith("{")) return undefined;
  let line: Partial<EventLine> | null;
  try {
    line = JSON.parse(raw) as Partial<EventLine> | null;
  } catch {
    return undefined;
  }
  if (typeof line?.v !== "number" || typeof line.type !== "string") return undefined;
  refuseNewer(line.v);
  if (line.type === "completed") refuseChanged(raw, line.crc, number);
  return isLineType(line.type) ? checkedLine(line as { type: string }, number) : undefined;
}

function refuseChanged(raw: string, crc: unknown, number: number): void {
  if (isAsWritten(raw, crc)) return;
  throw new ReportFormatError(
    `Line ${number} of the event log was changed after it was written: it is not what its checksum was made of. The log can be read without that line.`,
  );
}

function refuseNewer(version: number): void {
  if (version <= LINE_VERSION) return;
  throw new ReportFormatError(
    `This event log has lines of version ${version}; this reader knows version ${LINE_VERSION}. Update @astrum/reporters to read it.`,
  );
}
