/**
 * A report as the event log that its run would have written, with the statistics of every task on the line that ends it:
 * one line at a time for `jq`, log shippers and data frames. `readEventLog` gives the report back as it was.
 */
import type {
  AttemptStatistics,
  EncodedValue,
  SerializedReport,
  TaskStatistics,
} from "@astrum/core";
import { checkOptions, flag, type Rules } from "astrum-options";
import { withSum } from "../reading/line-sum.ts";
import {
  LINE_VERSION,
  type LineBody,
  type OutcomeLine,
  type TaskLine,
} from "../reading/log-format.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";

export interface NdjsonOptions {
  /** Lines of type `completed` with the outputs that the report holds. Default `false`. */
  readonly outputs?: boolean | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<NdjsonOptions> = { outputs: flag, redact: redactRule };

/** `readEventLog(renderNdjson(report, { outputs: true, redact: false }))` equals `report`. */
export function renderNdjson(report: AnyReport, options: NdjsonOptions = {}): string {
  checkOptions("renderNdjson", options, RULES);
  const withOutputs = options.outputs === true;
  const shown = redacted(report, options.redact, withOutputs);
  const { taskStatistics, outputs, origins, ...head } = shown;
  const lines = [
    start(shown),
    ...taskStatistics.map(mention),
    ...taskStatistics
      .flatMap((task) => eventsOf(task, shown, withOutputs))
      .sort((a, b) => a.at - b.at),
    ...(withOutputs ? withoutTasks(shown) : []),
    end({
      ...head,
      ...(withOutputs && outputs !== undefined ? { outputs: {} } : {}),
      ...(withOutputs && origins !== undefined ? { origins: {} } : {}),
    }),
  ];
  const { epochMs } = shown.clock;
  const texts = lines.map(({ at, body }, seq) => {
    const line = JSON.stringify({
      v: LINE_VERSION,
      seq,
      run: shown.run.id,
      at: Math.round((epochMs + at) * 1000) / 1000,
      ...body,
    });
    return body.type === "completed" ? withSum(line) : line;
  });
  return `${texts.join("\n")}\n`;
}

interface Timed {
  readonly at: number;
  readonly body: LineBody;
}

function start(report: SerializedReport): Timed {
  const { run, clock, planningDurationMs, originalTasks, planIssues, resume } = report;
  const known = { run, clock, planningDurationMs, originalTasks };
  return {
    at: 0,
    body: {
      type: "run.start",
      flow: run.flow ?? "",
      ...(run.resumes === undefined ? {} : { resumes: run.resumes }),
      stageCount: report.totalStages,
      maxParallelism: report.maxParallelism,
      concurrency: run.config.concurrency,
      attributes: run.attributes ?? {},
      report: {
        ...known,
        ...(planIssues === undefined ? {} : { planIssues }),
        ...(resume === undefined ? {} : { resume }),
      },
    },
  };
}

function mention(task: TaskStatistics): Timed {
  const { taskName, kind, role, parent, index, key, stageId, dependencies, fingerprint } = task;
  const { retry, tags, description, priority, concurrency } = task;
  const info: TaskLine = {
    name: kind === "item" && parent !== undefined ? parent : taskName,
    stage: stageId,
    dependencies: dependencies.map(({ task: name }) => name),
    ...(parent === undefined ? {} : { parent }),
    maxAttempts: retry + 1,
    tags: tags ?? [],
    kind,
    ...(role === undefined ? {} : { role }),
    edges: dependencies,
    ...(index === undefined ? {} : { index }),
    ...(key === undefined ? {} : { key }),
    ...(description === undefined ? {} : { description }),
    ...(priority === undefined ? {} : { priority }),
    ...(concurrency === undefined ? {} : { concurrency }),
    fingerprint,
  };
  return { at: 0, body: { type: "task.status", task: taskName, to: "waiting", info } };
}

function eventsOf(task: TaskStatistics, report: SerializedReport, withOutputs: boolean): Timed[] {
  const { taskName, readyAt, releasedBy, attemptStatistics, status } = task;
  const endAt = task.endAt ?? report.totalDurationMs;
  const events: Timed[] = [];
  if (readyAt !== null) {
    const cause = releasedBy === undefined ? {} : { cause: releasedBy };
    events.push({
      at: readyAt,
      body: { type: "task.status", task: taskName, from: "waiting", to: "ready", ...cause },
    });
  }
  for (const attempt of attemptStatistics) events.push(...attemptEvents(attempt));
  const output = withOutputs ? own(report.outputs, taskName) : undefined;
  if (output !== undefined) {
    events.push({ at: endAt, body: completed(taskName, output, report, task) });
  }
  const outcome: OutcomeLine = {
    status,
    ...(task.error === undefined ? {} : { error: task.error }),
  };
  events.push({ at: endAt, body: { type: "task.end", task: taskName, outcome, statistics: task } });
  return events;
}

/** What was stored of items that the run never came to list. */
function withoutTasks(report: SerializedReport): Timed[] {
  const listed = new Set(report.taskStatistics.map(({ taskName }) => taskName));
  return Object.entries(report.outputs ?? {})
    .filter(([name]) => !listed.has(name))
    .map(([name, output]) => ({
      at: report.totalDurationMs,
      body: completed(name, output, report, { fingerprint: "" }),
    }));
}

function completed(
  task: string,
  output: EncodedValue,
  { origins }: SerializedReport,
  { fingerprint, parent, index }: Partial<TaskStatistics>,
): LineBody {
  const origin = own(origins, task);
  return {
    type: "completed",
    task,
    fingerprint: fingerprint ?? "",
    output,
    ...(origin === undefined ? {} : { origin }),
    ...(parent === undefined ? {} : { parent }),
    ...(index === undefined ? {} : { index }),
  };
}

/** A task may be named `constructor`. */
function own<T>(record: Readonly<Record<string, T>> = {}, task: string): T | undefined {
  return Object.hasOwn(record, task) ? record[task] : undefined;
}

function attemptEvents(attempt: AttemptStatistics): Timed[] {
  const { taskName: task, attemptNumber, startAt, endAt, queuedMs, slot, limitedBy } = attempt;
  const { slotFreedBy, error } = attempt;
  const cause = slotFreedBy === undefined ? {} : { cause: slotFreedBy };
  const events: Timed[] = [
    { at: startAt, body: { type: "task.status", task, from: "ready", to: "running", ...cause } },
    {
      at: startAt,
      body: {
        type: "attempt.start",
        task,
        attempt: attemptNumber,
        executor: attempt.executor ?? "main",
        waitedMs: queuedMs,
        ...(slot === undefined ? {} : { slot }),
        ...(limitedBy === undefined ? {} : { limitedBy }),
      },
    },
  ];
  if (endAt === null || attempt.status === "running") return events;
  const outcome: OutcomeLine = {
    status: attempt.status,
    ...(error === undefined ? {} : { error }),
  };
  const { willRetry, delayMs, deliveries } = attempt;
  events.push({
    at: endAt,
    body: {
      type: "attempt.end",
      task,
      attempt: attemptNumber,
      outcome,
      willRetry,
      ...(delayMs === undefined ? {} : { delayMs }),
      ...(deliveries === undefined ? {} : { deliveries }),
    },
  });
  if (willRetry) {
    events.push({ at: endAt, body: { type: "task.status", task, from: "running", to: "delayed" } });
  }
  return events;
}

function end(report: Omit<SerializedReport, "taskStatistics">): Timed {
  const { executionState, totalDurationMs } = report;
  return { at: totalDurationMs, body: { type: "run.end", executionState, report } };
}
