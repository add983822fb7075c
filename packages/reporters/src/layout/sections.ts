/**
 * What there is to say about a finished run, in sections of lines: `renderText` and the summary of a terminal are two
 * orders of the same words. Every name and message has been made visible here; knows no order, no colour and no width.
 */

import type { SerializedError, SerializedReport, TaskStatistics } from "@astrum/core";
import { type CriticalSegment, type Insight, insight, pathRows } from "../asking/insight.ts";
import { adviceNote, leverLine, possibleText } from "../asking/lever-text.ts";
import { notRunByCause } from "../asking/not-run.ts";
import { duration } from "../wording/duration.ts";
import { atLeast, cutOff, endedBy, endingText, resumeText } from "../wording/ending.ts";
import { errorText, errorTitle } from "../wording/error-text.ts";
import { labelOf } from "../wording/label.ts";
import { logText } from "../wording/log-text.ts";
import {
  attemptMessage,
  countsText,
  errorOf,
  failedAttempts,
  failuresOf,
  isUnreleased,
  reasonText,
  STATUS_SIGN,
  signOf,
  startedAgainText,
  stateSign,
  toleratedOf,
  toleratedText,
} from "../wording/outcome.ts";
import { indented, type Line, type Meaning } from "../wording/styled.ts";
import { cut, visible, visibleLines, visibleMessage, visibleName } from "../wording/visible.ts";

/** Each section is empty, or a title and its lines. */
export interface TextSections {
  /** State and duration; then the counts. */
  readonly headline: readonly Line[];
  readonly planIssues: readonly Line[];
  /** With stacks. */
  readonly failures: readonly Line[];
  /** The same, one line each. */
  readonly failureTitles: readonly Line[];
  /** What the run tolerates, one line each. */
  readonly tolerated: readonly Line[];
  /** What was skipped or cancelled, one line for each cause. */
  readonly notRun: readonly Line[];
  /** What was running when the record of an interrupted run ended, and how to go on. */
  readonly cutOff: readonly Line[];
  /** What would have made it faster, the most saving first, and how sure that is. */
  readonly faster: readonly Line[];
  /** The first of these in a few words, or empty. */
  readonly possible: string;
  /** The verdict, and where the time went. */
  readonly why: readonly Line[];
  readonly criticalPath: readonly Line[];
  readonly slowest: readonly Line[];
  readonly flaky: readonly Line[];
}

export interface SectionLimits {
  readonly path: number;
  readonly slowest: number;
}

const LEVERS_SHOWN = 5;
const FAILURES_SHOWN = 50;
const CAUSES_SHOWN = 5;
const STACK_LINES = 12;
const LINE = 300;
/** The engine has no longer names; a report from elsewhere may. */
const NAME = 256;

export function textSections(report: SerializedReport, limits: SectionLimits): TextSections {
  const seen = insight(report);
  const again = startedAgainText(report, (name) => visibleName(cut(name, NAME)));
  return {
    headline: [
      closingLine(
        report.run.flow ?? report.run.id,
        report.executionState,
        report.totalDurationMs,
        endedBy(report),
      ).slice(1),
      [
        `${plural(report.totalTasks, "task")}: ${countsText(report)}; ${plural(report.totalAttempts, "attempt")}, at most ${report.peakConcurrency} at once`,
      ],
      ...(again === "" ? [] : [[again]]),
    ],
    planIssues: planIssueLines(report),
    failures: failureSection("Failures:", failuresOf(report), (task) =>
      failureLines({
        sign: signOf(task),
        name: labelOf(task),
        attempts: task.attemptCount,
        text: failureText(task),
      }),
    ),
    failureTitles: failureSection("Failures:", failuresOf(report), (task) => [failureTitle(task)]),
    tolerated: failureSection(
      "Warnings, failures that are tolerated:",
      toleratedOf(report),
      (task) => [failureTitle(task)],
    ),
    notRun: notRunSection(report),
    cutOff: cutOffSection(report),
    ...insightSections(seen, limits),
  };
}

const STATE_MEANING: Readonly<Record<SerializedReport["executionState"], Meaning>> = {
  completed: "good",
  failed: "bad",
  cancelled: "warning",
  interrupted: "warning",
};

/** `✗ nightly: failed after 12.3 s: its time limit of 10 s`. The first piece is the sign. */
export function closingLine(
  run: string,
  state: SerializedReport["executionState"],
  durationMs: number,
  why: string,
): Line {
  return [
    [STATE_MEANING[state], `${stateSign(state)} `],
    ["title", visible(cut(run, NAME))],
    ": ",
    [STATE_MEANING[state], state],
    ` after ${duration(durationMs)}${why === "" ? "" : `: ${cut(visibleMessage(why), LINE)}`}`,
  ];
}

interface Failure {
  readonly sign: string;
  readonly name: string;
  readonly attempts: number;
  readonly tolerated?: boolean | undefined;
  /** The error with its stack and causes, or why there is none. */
  readonly text: string;
}

/** The name, and the error below it. */
export function failureLines({ text, ...failure }: Failure): Line[] {
  const lines = visibleLines(text)
    .split("\n")
    .map((line): Line => {
      const shown = `    ${cut(line, LINE)}`;
      return [/^\s+(?:at |…)/.test(line) ? ["faint", shown] : shown];
    });
  return [failureHead(failure), ...lines];
}

/** The error with its stack and causes, in as many lines as a failure has here; or why there is none. */
export function stackText(error: SerializedError): string {
  return errorText(error, STACK_LINES);
}

function failureText(task: TaskStatistics): string {
  const error = errorOf(task);
  const log = logText(task);
  if (error === undefined) return withLog(reasonText(task), log);
  const stack = stackText(error);
  return withLog(isUnreleased(task) ? `its value was not released\n${stack}` : stack, log);
}

/** What a task said last stands below what it failed with. */
export function withLog(text: string, log: string): string {
  return log === "" ? text : `${text}\nIts log:\n${log.replace(/^/gm, "  ")}`;
}

function failureHead({ sign, name, attempts, tolerated = false }: Omit<Failure, "text">): Line {
  const again = attempts > 1 ? ` (${attempts} attempts)` : "";
  return [[tolerated ? "warning" : "bad", `${sign} ${visibleName(name)}`], again];
}

function failureTitle(task: TaskStatistics): Line {
  const { attemptCount: attempts, tolerated, fallback } = task;
  const name = labelOf(task);
  const error = errorOf(task);
  const why =
    error === undefined || isUnreleased(task) ? reasonText(task, LINE) : errorTitle(error, LINE);
  const head = failureHead({
    sign: signOf(task),
    name,
    attempts,
    tolerated: tolerated === true && !isUnreleased(task),
  });
  const note = fallback === true ? ` (${toleratedText(task)})` : "";
  return why === "" ? [...head, note] : [...head, `${note}: ${visibleMessage(why)}`];
}

function failureSection(
  title: string,
  failures: readonly TaskStatistics[],
  show: (task: TaskStatistics) => Line[],
): Line[] {
  const more = failures.length - FAILURES_SHOWN;
  return section(title, [
    ...failures.slice(0, FAILURES_SHOWN).flatMap(show),
    ...(more > 0 ? [[`… and ${more} more failures`]] : []),
  ]);
}

function notRunSection(report: SerializedReport): Line[] {
  if (report.planIssues !== undefined) return [];
  const causes = notRunByCause(report);
  const more = causes.length - CAUSES_SHOWN;
  return section("Skipped and cancelled, by cause:", [
    ...causes.slice(0, CAUSES_SHOWN).map(({ status, root, text, names }): Line => {
      const head: Line = [["warning", `${STATUS_SIGN[status]} ${names.length} ${status}`]];
      if (root !== undefined)
        return [...head, ", because of ", ["name", visibleName(cut(root, NAME))]];
      return text === "" ? head : [...head, `: ${cut(visibleMessage(text), LINE)}`];
    }),
    ...(more > 0 ? [[`… and ${plural(more, "more cause")}`]] : []),
  ]);
}

function cutOffSection(report: SerializedReport): Line[] {
  const ending = report.executionState === "interrupted" ? endingText(report) : undefined;
  if (ending === undefined) return [];
  const running = cutOff(report);
  const more = running.length - FAILURES_SHOWN;
  return [
    ...section("Running when the record of the run ended:", [
      ...running
        .slice(0, FAILURES_SHOWN)
        .map(({ task, ms }): Line => [["name", visibleName(labelOf(task))], ` ${atLeast(ms)}`]),
      ...(more > 0 ? [[`… and ${more} more`]] : []),
    ]),
    [resumeText(report) ?? ""],
  ];
}

function planIssueLines(report: SerializedReport): Line[] {
  return section(
    "The plan is wrong:",
    (report.planIssues ?? []).map(({ message, suggestion }) => [
      `${visible(message)}${suggestion === undefined ? "" : ` ${visible(suggestion)}`}`,
    ]),
  );
}

function insightSections(
  seen: Insight,
  limits: SectionLimits,
): Pick<TextSections, "why" | "faster" | "possible" | "criticalPath" | "slowest" | "flaky"> {
  if (seen.criticalPath.length === 0) {
    return { why: [], faster: [], possible: "", criticalPath: [], slowest: [], flaky: [] };
  }
  const labels = new Map(seen.criticalPath.map(({ task, label }) => [task, label]));
  return {
    possible: possibleText(seen.advice, (task) => labels.get(task) ?? task),
    faster: fasterLines(seen, labels),
    why: section(`Why it took ${duration(seen.makespanMs)}:`, [
      [seen.verdict],
      [seen.parts.map(({ what, ms }) => `${duration(ms)} ${what}`).join(" + ")],
    ]),
    criticalPath: section(`Critical path (${plural(seen.criticalPath.length, "attempt")}):`, [
      [["faint", `${columns(["at", "waited", "ran"])}  task`]],
      ...pathRows(seen, limits.path).map(({ fromMs, gapMs, runMs, segments }): Line => {
        const times = columns([duration(fromMs), duration(gapMs), duration(runMs)]);
        return [`${times}  `, ...pathLabel(segments)];
      }),
    ]),
    slowest: section(
      "Slowest:",
      seen.slowest
        .slice(0, limits.slowest)
        .map((task) => [
          `${columns([duration(task.runMs)])}  `,
          ["name", visibleName(labelOf(task))],
        ]),
    ),
    flaky: section(
      "Flaky (completed after failed attempts):",
      seen.flaky.map((task) => {
        const last = task.attemptStatistics.findLast((attempt) => attempt.status === "failed");
        const said = last && attemptMessage(last, 120);
        const why = said === undefined ? "" : `: ${visibleMessage(said)}`;
        const failed = columns([`${failedAttempts(task)} failed`]);
        return [["warning", failed], "  ", ["name", visibleName(labelOf(task))], why];
      }),
    ),
  };
}

function fasterLines({ advice }: Insight, labels: ReadonlyMap<string, string>): Line[] {
  if (advice === undefined || (advice.levers.length === 0 && advice.busyCores === undefined)) {
    return [];
  }
  const { levers } = advice;
  return section("What would make it faster:", [
    ...(levers.length === 0 ? [] : [[["faint", `${columns(["takes", "saves"])}  if`]] as Line]),
    ...levers.slice(0, LEVERS_SHOWN).map((lever): Line => {
      const times = columns([duration(lever.makespanMs), duration(lever.savedMs)]);
      return [`${times}  ${leverLine(lever, labels.get(lever.name))}`];
    }),
    [["faint", adviceNote(advice)]],
  ]);
}

function section(title: string, lines: readonly Line[]): Line[] {
  return lines.length === 0 ? [] : [[["title", title]], ...lines.map(indented)];
}

function pathLabel([segment, ...more]: readonly CriticalSegment[]): Line {
  if (segment === undefined) return [];
  if (more.length > 0) return [["faint", `… ${more.length + 1} shorter attempts`]];
  const number = segment.attempt > 1 ? ` (attempt ${segment.attempt})` : "";
  return [["name", visibleName(segment.label)], `${number}${freedText(segment)}`];
}

function freedText({ link, freed }: CriticalSegment): string {
  if (link !== "slot") return "";
  return freed === undefined
    ? ", after a slot was freed"
    : `, after ${visibleName(freed)} was given back`;
}

export function columns(texts: readonly string[]): string {
  return texts.map((text) => text.padStart(10)).join("  ");
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
