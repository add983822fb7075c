/**
 * The report or the plan as plain text: for a log, a terminal that is no terminal, a person. No colours, no escape
 * sequences, one line never broken by what a task is called.
 */
import type { Plan, SerializedReport, TaskStatistics } from "@astrum/core";
import { duration } from "./duration.ts";
import { isReport } from "./graph-view.ts";
import { type CriticalSegment, type Insight, insight, pathRows } from "./insight.ts";
import {
  countsText,
  errorText,
  failedAttempts,
  isFailure,
  reasonText,
  STATUS_SIGN,
} from "./outcome.ts";
import { type Redaction, redacted } from "./redact.ts";
import { cut, visible, visibleLines, visibleMessage, visibleName } from "./visible.ts";

export interface TextOptions {
  /** Also one line for every task. Default `false`. */
  readonly tasks?: boolean;
  readonly redact?: Redaction;
}

const FAILURES_SHOWN = 50;
const PATH_SHOWN = 20;
const STACK_LINES = 12;

/** State and counts, failures, why it took that long, the ten slowest and the flaky tasks; for a plan its stages. */
export function renderText(subject: SerializedReport | Plan, options: TextOptions = {}): string {
  const lines = isReport(subject)
    ? reportLines(redacted(subject, options.redact), options)
    : planLines(subject);
  return `${lines.join("\n")}\n`;
}

function reportLines(report: SerializedReport, options: TextOptions): string[] {
  const seen = insight(report);
  return [
    `${visible(report.run.flow ?? report.run.id)}: ${report.executionState} after ${duration(report.totalDurationMs)}`,
    `${plural(report.totalTasks, "task")}: ${countsText(report)}; ${plural(report.totalAttempts, "attempt")}, at most ${report.peakConcurrency} at once`,
    ...planIssueLines(report),
    ...failureLines(report),
    ...insightLines(seen),
    ...(options.tasks === true ? taskLines(report) : []),
  ];
}

function planIssueLines(report: SerializedReport): string[] {
  const issues = report.planIssues ?? [];
  if (issues.length === 0) return [];
  const lines = issues.map(
    ({ message, suggestion }) =>
      `  ${visible(message)}${suggestion === undefined ? "" : ` ${visible(suggestion)}`}`,
  );
  return ["", "The plan is wrong:", ...lines];
}

function failureLines(report: SerializedReport): string[] {
  const failures = report.taskStatistics.filter(isFailure);
  if (failures.length === 0) return [];
  const lines = ["", "Failures:"];
  for (const task of failures.slice(0, FAILURES_SHOWN)) {
    const attempts = task.attemptCount > 1 ? ` (${task.attemptCount} attempts)` : "";
    lines.push(`  ${STATUS_SIGN[task.status]} ${visibleName(task.taskName)}${attempts}`);
    const text = task.error === undefined ? reasonText(task) : errorText(task.error);
    const stack = visibleLines(text).split("\n");
    for (const line of stack.slice(0, STACK_LINES)) lines.push(`      ${cut(line, 300)}`);
    if (stack.length > STACK_LINES)
      lines.push(`      … ${plural(stack.length - STACK_LINES, "line")} more`);
  }
  if (failures.length > FAILURES_SHOWN) {
    lines.push(`  … and ${failures.length - FAILURES_SHOWN} more failures`);
  }
  return lines;
}

function insightLines(seen: Insight): string[] {
  if (seen.criticalPath.length === 0) return [];
  const lines = ["", `Why it took ${duration(seen.makespanMs)}:`, `  ${seen.verdict}`];
  lines.push(`  ${seen.parts.map(({ what, ms }) => `${duration(ms)} ${what}`).join(" + ")}`);
  lines.push("", `Critical path (${plural(seen.criticalPath.length, "attempt")}):`);
  lines.push(`  ${columns(["at", "waited", "ran"])}  task`);
  for (const { fromMs, gapMs, runMs, segments } of pathRows(seen, PATH_SHOWN)) {
    const times = columns([duration(fromMs), duration(gapMs), duration(runMs)]);
    lines.push(`  ${times}  ${pathLabel(segments)}`);
  }
  if (seen.slowest.length > 0) lines.push("", "Slowest:");
  for (const task of seen.slowest)
    lines.push(`  ${columns([duration(task.runMs)])}  ${visibleName(task.taskName)}`);
  if (seen.flaky.length > 0) lines.push("", "Flaky (completed after failed attempts):");
  for (const task of seen.flaky) {
    const last = task.attemptStatistics.findLast((attempt) => attempt.status === "failed");
    const why =
      last?.errorMessage === undefined ? "" : `: ${cut(visibleMessage(last.errorMessage), 120)}`;
    lines.push(
      `  ${columns([`${failedAttempts(task)} failed`])}  ${visibleName(task.taskName)}${why}`,
    );
  }
  return lines;
}

function pathLabel([segment, ...more]: readonly CriticalSegment[]): string {
  if (segment === undefined) return "";
  if (more.length > 0) return `… ${more.length + 1} shorter attempts`;
  const number = segment.attempt > 1 ? ` (attempt ${segment.attempt})` : "";
  return `${visibleName(segment.task)}${number}${segment.link === "slot" ? ", after a slot was freed" : ""}`;
}

function taskLines(report: SerializedReport): string[] {
  return ["", "Tasks:", ...report.taskStatistics.map(taskLine)];
}

function taskLine(task: TaskStatistics): string {
  const why = reasonText(task);
  const time = task.startAt === null ? "" : duration(task.durationMs);
  return `  ${STATUS_SIGN[task.status]} ${columns([time])}  ${visibleName(task.taskName)}${why === "" ? "" : `: ${cut(visibleMessage(why), 160)}`}`;
}

function planLines(plan: Plan): string[] {
  const lines = [
    `${plural(plan.totalTasks, "task")} in ${plural(plan.totalStages, "stage")}, at most ${plan.maxParallelism} at once`,
  ];
  const stages = new Map<number, Plan["tasks"][number][]>();
  for (const task of plan.tasks) {
    const stage = stages.get(task.stageId);
    if (stage === undefined) stages.set(task.stageId, [task]);
    else stage.push(task);
  }
  for (const [stageId, tasks] of Array.from(stages).sort(([a], [b]) => a - b)) {
    lines.push("", `Stage ${stageId} (${plural(tasks.length, "task")})`);
    for (const { name, dependencies } of tasks) {
      const after = dependencies.map(visibleName).join(", ");
      lines.push(`  ${visibleName(name)}${after === "" ? "" : `  ←  ${after}`}`);
    }
  }
  return lines;
}

function columns(texts: readonly string[]): string {
  return texts.map((text) => text.padStart(10)).join("  ");
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
