/**
 * The report in the Common Test Report Format (ctrf.io), version 0.0.0, for the tools that read it. Times are whole
 * milliseconds there; our own status is in `rawStatus`. Cancelled tasks are `other`, and so are those
 * whose failure is tolerated; detached ones are `pending`.
 */
import type { AttemptStatistics, SerializedReport, TaskStatistics } from "@astrum/core";
import { checkOptions, type Rules } from "astrum-options";
import { errorText } from "../wording/error-text.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { wellFormedJson } from "../wording/json-for-others.ts";
import { logText } from "../wording/log-text.ts";
import { attemptMessage, errorOf, isFlaky } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { type Verdict, verdicts } from "../wording/verdicts.ts";
import { visibleLines, visibleMessage } from "../wording/visible.ts";

export interface CtrfOptions {
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<CtrfOptions> = { redact: redactRule };

type CtrfStatus = "passed" | "failed" | "skipped" | "pending" | "other";

/** The report in the Common Test Report Format (ctrf.io), for tools that read that. */
export function renderCtrf(report: AnyReport, options: CtrfOptions = {}): string {
  checkOptions("renderCtrf", options, RULES);
  const shown = redacted(report, options.redact);
  const list = verdicts(shown);
  const counts: Record<CtrfStatus, number> = {
    passed: 0,
    failed: 0,
    skipped: 0,
    pending: 0,
    other: 0,
  };
  for (const verdict of list) counts[statusOf(verdict)]++;
  const start = whole(shown.clock.epochMs);
  const stop = whole(shown.clock.epochMs + shown.totalDurationMs);
  const { versions, flow, id } = shown.run;
  const version = versions["@astrum/core"] ?? versions.astrum;
  const document = {
    reportFormat: "CTRF",
    specVersion: "0.0.0",
    ...(id === "" ? {} : { runId: id }),
    results: {
      tool: { name: "astrum", ...(version === undefined ? {} : { version }) },
      summary: {
        tests: list.length,
        ...counts,
        flaky: shown.flakyTasks,
        start,
        stop,
        duration: stop - start,
        extra: { executionState: shown.executionState, boundBy: shown.analysis.boundBy },
      },
      tests: list.map((verdict) => testOf(verdict, shown, flow ?? "run")),
    },
  };
  return `${wellFormedJson(document)}\n`;
}

function testOf(verdict: Verdict, report: SerializedReport, flow: string): Record<string, unknown> {
  const { task, message } = verdict;
  const epochMs = report.clock.epochMs;
  const common = {
    name: verdict.name === "" ? '""' : verdict.name,
    status: statusOf(verdict),
    duration: whole(task?.durationMs ?? 0),
    ...(message === "" ? {} : { message: visibleMessage(message) }),
    suite: verdict.group === undefined ? [flow] : [flow, verdict.group],
  };
  if (task === undefined) return common;
  const earlier = task.attemptStatistics.slice(0, -1);
  const executor = task.attemptStatistics.at(-1)?.executor;
  const error = errorOf(task);
  const log = logText(task, 100);
  return {
    ...common,
    rawStatus: task.status,
    ...(task.startAt === null ? {} : { start: whole(epochMs + task.startAt) }),
    ...(task.endAt === null ? {} : { stop: whole(epochMs + task.endAt) }),
    ...(error === undefined ? {} : { trace: visibleLines(errorText(error)) }),
    ...(task.tags === undefined ? {} : { tags: task.tags }),
    ...(log === "" ? {} : { stdout: visibleLines(log).split("\n") }),
    retries: earlier.length,
    ...(earlier.length === 0 ? {} : { retryAttempts: earlier.map(attemptOf) }),
    flaky: isFlaky(task),
    ...(executor === undefined || executor === "main" ? {} : { threadId: executor }),
    extra: extraOf(task),
  };
}

function attemptOf(attempt: AttemptStatistics): Record<string, unknown> {
  const status: CtrfStatus =
    attempt.status === "completed" ? "passed" : attempt.status === "failed" ? "failed" : "other";
  const message = attemptMessage(attempt);
  return {
    attempt: attempt.attemptNumber,
    status,
    duration: whole(attempt.durationMs),
    ...(message === undefined ? {} : { message: visibleMessage(message) }),
    ...(attempt.error === undefined ? {} : { trace: visibleLines(errorText(attempt.error)) }),
  };
}

function extraOf(task: TaskStatistics): Record<string, unknown> {
  return {
    kind: task.kind,
    ...(task.key === undefined ? {} : { key: task.key }),
    ...(task.tolerated === undefined ? {} : { tolerated: task.tolerated }),
    ...(task.fallback === undefined ? {} : { fallback: task.fallback }),
    ...(task.role === undefined ? {} : { role: task.role }),
    ...(task.because === undefined ? {} : { because: task.because }),
    ...(task.root === undefined ? {} : { root: task.root }),
    ...(task.releaseMs === undefined ? {} : { releaseMs: task.releaseMs }),
    stageId: task.stageId,
    queuedMs: task.queuedMs,
    dependencies: task.dependencies.map(({ task: name }) => name),
    ...(task.attributes === undefined ? {} : { attributes: task.attributes }),
  };
}

function statusOf({ result, task }: Verdict): CtrfStatus {
  if (task?.status === "detached") return "pending";
  if (task?.status === "cancelled" || result === "tolerated") return "other";
  return result;
}

function whole(ms: number): number {
  return Number.isFinite(ms) ? Math.round(ms) : 0;
}
