/** The report as the page's script is given it. Everything in it is safe to show. */

import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { timeline } from "../layout/timeline.ts";
import { ranMs } from "../wording/ending.ts";
import { labelOf } from "../wording/label.ts";
import { microseconds } from "../wording/microseconds.ts";
import { Nesting } from "../wording/nesting.ts";
import { errorOf, reasonText, STATUSES } from "../wording/outcome.ts";
import { visible, visibleLines, visibleMessage, visibleName } from "../wording/visible.ts";
import { ErrorTexts } from "./error-texts.ts";
import { LogTexts } from "./log-texts.ts";
import { ATTEMPT_STATUSES, DEPENDENCY_KINDS, KINDS, NONE, type PageData } from "./page-data.ts";
import { type Simulated, studyFacts } from "./study-facts.ts";
import { noteOf } from "./task-note.ts";

/** `simulated`: what is known of a run that the page may run again on paper. */
export function pageDataOf(
  report: SerializedReport,
  title: string,
  simulated?: Simulated,
): PageData {
  const rows = report.taskStatistics;
  const texts = new Texts();
  const errors = new ErrorTexts();
  const logs = new LogTexts();
  const nesting = Nesting.of(report);
  const places = new Map<string, number>();
  rows.forEach(({ taskName }, index) => {
    if (!places.has(taskName)) places.set(taskName, index);
  });
  const place = (name: string | undefined): number =>
    name === undefined ? NONE : (places.get(name) ?? NONE);
  const dependencies = rows.map((task) =>
    task.dependencies.map((one) => ({ task: place(one.task), kind: one.kind })),
  );
  const known = dependencies.map((own) => own.filter(({ task }) => task !== NONE));
  const { bars, laneCount, endUs } = timeline(report);
  const critical = new Set(
    report.analysis.criticalPath.map(({ task, attempt }) => `${attempt} ${task}`),
  );
  return {
    title,
    lanes: laneCount,
    makespanUs: makespan(report),
    endUs,
    tasks: {
      name: rows.map((task) => visibleName(labelOf(task))),
      kind: rows.map(({ kind }) => KINDS.indexOf(kind)),
      status: rows.map(({ status }) => STATUSES.indexOf(status)),
      stage: rows.map(({ stageId }) => stageId ?? NONE),
      flow: rows.map(({ role }) => (role === "subflow" ? 1 : role === "loop" ? 2 : 0)),
      parent: rows.map((_, index) => nesting.parentOf(index)),
      readyUs: rows.map(({ readyAt }) => instant(readyAt)),
      startUs: rows.map(({ startAt }) => instant(startAt)),
      endUs: rows.map(({ endAt }) => instant(endAt)),
      queuedUs: rows.map(({ queuedMs }) => microseconds(queuedMs)),
      runUs: rows.map((task) => microseconds(ranMs(task, report))),
      durationUs: rows.map(({ durationMs }) => microseconds(durationMs)),
      releasedBy: rows.map(({ releasedBy }) => place(releasedBy)),
      reason: rows.map((task) => texts.add(visibleMessage(reasonText(task, 300)))),
      blame: rows.map(({ reason }) => place(blamed(reason))),
      error: rows.map((task) => texts.add(errors.of(errorOf(task)))),
      note: rows.map((task) => texts.add(visibleLines(noteOf(task, report.outputs)))),
      tag: rows.map(({ tags }) => texts.add(visible(tags?.[0] ?? ""))),
      log: rows.map((task) => texts.add(logs.of(task))),
      dependencyCount: known.map((own) => own.length),
    },
    dependencies: {
      task: known.flatMap((own) => own.map(({ task }) => task)),
      kind: known.flatMap((own) => own.map(({ kind }) => DEPENDENCY_KINDS.indexOf(kind))),
    },
    attempts: {
      task: bars.map(({ task }) => place(task.taskName)),
      number: bars.map(({ attempt }) => attempt.attemptNumber),
      lane: bars.map(({ lane }) => lane),
      startUs: bars.map(({ startUs }) => startUs),
      endUs: bars.map((bar) => bar.endUs),
      status: bars.map(({ attempt }) => ATTEMPT_STATUSES.indexOf(attempt.status)),
      queuedUs: bars.map(({ attempt }) => microseconds(attempt.queuedMs)),
      delayUs: bars.map(({ attempt }) => microseconds(attempt.delayMs ?? 0)),
      slotFreedBy: bars.map(({ attempt }) => place(attempt.slotFreedBy)),
      limitedBy: bars.map(({ attempt }) => texts.add(visible(attempt.limitedBy ?? ""))),
      executor: bars.map(({ attempt }) => texts.add(visible(elsewhere(attempt.executor)))),
      // The last error of a task is the task's own, and stands there.
      error: bars.map(({ task, attempt }) =>
        attempt.attemptNumber === task.attemptCount ? NONE : texts.add(errors.of(attempt.error)),
      ),
      critical: bars.map(({ task, attempt }) =>
        critical.has(`${attempt.attemptNumber} ${task.taskName}`) ? 1 : 0,
      ),
    },
    texts: texts.all,
    tolerated: rows.flatMap(({ tolerated }, index) => (tolerated === true ? [index] : [])),
    ...(simulated && { study: studyFacts(report, bars, simulated) }),
  };
}

/** Where an attempt ran, when that is worth a word. */
function elsewhere(executor: string | undefined): string {
  return executor === undefined || executor === "main" ? "" : executor;
}

function makespan(report: SerializedReport): number {
  return report.analysis.criticalPath.reduce(
    (sum, { gapMs, runMs }) => sum + microseconds(gapMs) + microseconds(runMs),
    0,
  );
}

function instant(ms: number | null): number {
  return ms === null ? NONE : microseconds(ms);
}

function blamed(reason: TaskStatistics["reason"]): string | undefined {
  if (reason?.kind === "dependency") return reason.root;
  return reason?.kind === "failure" ? reason.task : undefined;
}

/** Every text once. */
class Texts {
  readonly all: string[] = [];
  readonly #places: Map<string, number> = new Map();

  add(text: string): number {
    if (text === "") return NONE;
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.all.length);
    return this.all.push(text) - 1;
  }
}
