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
import { insideText } from "../wording/inside.ts";
import { labelOf } from "../wording/label.ts";
import { Nesting } from "../wording/nesting.ts";
import { failsForInside, reasonText, STATUS_SIGN } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { lineText } from "../wording/styled.ts";
import { cut, visibleMessage, visibleName } from "../wording/visible.ts";

export interface TextOptions {
  /** Also one line for every task; for a subflow, a loop or a map of flows one, with what is inside. Default `false`. */
  readonly tasks?: boolean | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<TextOptions> = { tasks: flag, redact: redactRule };

/** State and counts, failures, what did not run and why, why it took that long, the ten slowest and the flaky tasks; for a plan its stages. */
export function renderText(subject: AnyReport | Plan, options: TextOptions = {}): string {
  checkOptions("renderText", options, RULES);
  const lines = isPlan(subject)
    ? planLines(subject)
    : reportLines(redacted(subject, options.redact), options);
  return `${lines.join("\n")}\n`;
}

function reportLines(report: SerializedReport, options: TextOptions): string[] {
  const { headline, planIssues, failures, tolerated, notRun, cutOff, why, ...more } = textSections(
    report,
    {
      path: 20,
      slowest: 10,
    },
  );
  const { faster, criticalPath, slowest, flaky } = more;
  const told = [planIssues, failures, tolerated, notRun, cutOff];
  const sections = [...told, why, faster, criticalPath, slowest, flaky];
  // Joined as arrays: a section may have more lines than a call takes arguments.
  const below = sections.flatMap((section) => (section.length > 0 ? [[], ...section] : []));
  return [
    ...[...headline, ...below].map(lineText),
    ...(options.tasks === true ? taskLines(report) : []),
  ];
}

function taskLines(report: SerializedReport): string[] {
  const { taskStatistics: rows } = report;
  const nesting = Nesting.of(report);
  const lines = nesting.unfolded().map((place) => {
    const inside = nesting.folds(place) ? nesting.insideOf(place) : [];
    const task = rows[place] as TaskStatistics;
    return taskLine(
      task,
      inside.map((one) => rows[one] as TaskStatistics),
      report,
    );
  });
  return ["", "Tasks:", ...lines];
}

const WHY = 160;

function taskLine(
  task: TaskStatistics,
  inside: readonly TaskStatistics[],
  report: SerializedReport,
): string {
  const why = inside.length > 0 && failsForInside(task) ? "" : reasonText(task, WHY);
  const time = task.startAt === null ? "" : tookText(task, report);
  const said = [
    ...(why === "" ? [] : [cut(visibleMessage(why), WHY)]),
    ...(inside.length === 0 ? [] : [visibleMessage(insideText(inside, report, WHY))]),
  ];
  const told = said.length === 0 ? "" : `: ${said.join("; ")}`;
  return `  ${STATUS_SIGN[task.status]} ${columns([time])}  ${visibleName(labelOf(task))}${told}`;
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
  const nesting = new Nesting(plan.tasks);
  const inside = new Map(
    plan.tasks.map(({ name }, place) => [name, nesting.insideOf(place).length]),
  );
  for (const [stageId, tasks] of Array.from(stages).sort(([a], [b]) => a - b)) {
    lines.push("", `Stage ${stageId} (${plural(tasks.length, "task")})`);
    for (const { name, role, dependencies } of tasks) {
      const after = dependencies.map(visibleName).join(", ");
      const count = inside.get(name) ?? 0;
      const what = count === 0 ? (role ?? "") : `${role} of ${plural(count, "task")}`;
      const marked = what === "" ? "" : ` (${what})`;
      lines.push(`  ${visibleName(name)}${marked}${after === "" ? "" : `  ←  ${after}`}`);
    }
  }
  return lines;
}
