/**
 * The report or the plan as plain text: for a log, a terminal that is no terminal, a person. No colours, no escape
 * sequences, one line never broken by what a task is called.
 */

import type { Plan, SerializedReport, TaskStatistics } from "@astrum/core";
import { checkOptions, flag, type Rules } from "astrum-options";
import { isPlan } from "../layout/graph-view.ts";
import { columns, plural, textSections } from "../layout/sections.ts";
import { tookText } from "../wording/ending.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { labelOf } from "../wording/label.ts";
import { reasonText, STATUS_SIGN } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { lineText } from "../wording/styled.ts";
import { cut, visibleMessage, visibleName } from "../wording/visible.ts";

export interface TextOptions {
  /** Also one line for every task. Default `false`. */
  readonly tasks?: boolean | undefined;
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<TextOptions> = { tasks: flag, redact: redactRule };

/** State and counts, failures, why it took that long, the ten slowest and the flaky tasks; for a plan its stages. */
export function renderText(subject: AnyReport | Plan, options: TextOptions = {}): string {
  checkOptions("renderText", options, RULES);
  const lines = isPlan(subject)
    ? planLines(subject)
    : reportLines(redacted(subject, options.redact), options);
  return `${lines.join("\n")}\n`;
}

function reportLines(report: SerializedReport, options: TextOptions): string[] {
  const { headline, planIssues, failures, tolerated, cutOff, why, ...more } = textSections(report, {
    path: 20,
    slowest: 10,
  });
  const { faster, criticalPath, slowest, flaky } = more;
  const told = [planIssues, failures, tolerated, cutOff];
  const sections = [...told, why, faster, criticalPath, slowest, flaky];
  // Joined as arrays: a section may have more lines than a call takes arguments.
  const below = sections.flatMap((section) => (section.length > 0 ? [[], ...section] : []));
  return [
    ...[...headline, ...below].map(lineText),
    ...(options.tasks === true ? taskLines(report) : []),
  ];
}

function taskLines(report: SerializedReport): string[] {
  return ["", "Tasks:", ...report.taskStatistics.map((task) => taskLine(task, report))];
}

function taskLine(task: TaskStatistics, report: SerializedReport): string {
  const why = reasonText(task, 160);
  const time = task.startAt === null ? "" : tookText(task, report);
  return `  ${STATUS_SIGN[task.status]} ${columns([time])}  ${visibleName(labelOf(task))}${why === "" ? "" : `: ${cut(visibleMessage(why), 160)}`}`;
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
