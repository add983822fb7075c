/**
 * The report as OpenTelemetry spans in OTLP/JSON (opentelemetry.io/docs/specs/otlp), one `ExportTraceServiceRequest`, for those
 * who have a collector and no SDK: POST it to `/v1/traces`. The run is a span, tasks are its children, attempts theirs;
 * dependencies are links. Ids are hexadecimal, times are nanoseconds in decimal strings, enumerations are numbers.
 * A span that an observer traced live keeps its ids; the others are derived from the run's id, so that the same report
 * gives the same spans.
 */
import {
  type AttemptStatistics,
  type SerializedError,
  type SerializedReport,
  summarizeError,
  type TaskResult,
  type TaskStatistics,
} from "@astrum/core";
import { checkOptions, type Rules, text } from "astrum-options";
import { errorText } from "../wording/error-text.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { wellFormedJson } from "../wording/json-for-others.ts";
import { Nesting } from "../wording/nesting.ts";
import { attemptMessage, reasonText } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { attemptResultOf, runResultOf, taskResultOf } from "../wording/result.ts";

export interface OtlpJsonOptions {
  /** `service.name`. Default: the name of the flow. */
  readonly serviceName?: string | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<OtlpJsonOptions> = { serviceName: text, redact: redactRule };

const INTERNAL = 1;
/** The only one that is set, as the conventions want it of all but applications: what failed. */
const STATUS_ERROR = 2;

/** One line, as the collector's file receiver wants it. */
export function renderOtlpJson(report: AnyReport, options: OtlpJsonOptions = {}): string {
  checkOptions("renderOtlpJson", options, RULES);
  const shown = redacted(report, options.redact);
  const { versions, host, flow, id } = shown.run;
  const spans = new Spans(shown);
  const resource = {
    attributes: attributes({
      "service.name": options.serviceName ?? flow ?? "astrum",
      "telemetry.sdk.language": "nodejs",
      "process.runtime.version": versions.node,
      "os.type": host?.platform,
      "host.arch": host?.arch,
    }),
  };
  const scope = { name: "@astrum/reporters", attributes: attributes({ "astrum.run.id": id }) };
  const request = { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.all() }] }] };
  return `${wellFormedJson(request)}\n`;
}

class Spans {
  readonly #report: SerializedReport;
  readonly #traceId: string;
  readonly #runSpan: string;
  readonly #taskSpans: ReadonlyMap<string, string>;
  readonly #nesting: Nesting;
  readonly #places: ReadonlyMap<string, number>;

  constructor(report: SerializedReport) {
    this.#report = report;
    this.#nesting = Nesting.of(report);
    this.#places = new Map(report.taskStatistics.map(({ taskName }, place) => [taskName, place]));
    const traced = report.taskStatistics
      .flatMap(({ attemptStatistics }) => attemptStatistics)
      .find(({ trace }) => trace !== undefined && /^[0-9a-f]{32}$/.test(trace.traceId));
    this.#traceId = traced?.trace?.traceId ?? `${hash(report.run.id, 1)}${hash(report.run.id, 2)}`;
    this.#runSpan = this.#id("run", "");
    // A link to a span that does not exist would dangle.
    const started = report.taskStatistics.filter(({ startAt }) => startAt !== null);
    this.#taskSpans = new Map(
      started.map(({ taskName }) => [taskName, this.#id("task", taskName)]),
    );
  }

  all(): object[] {
    return [this.#run(), ...this.#report.taskStatistics.flatMap((task) => this.#task(task))];
  }

  #run(): object {
    const { run, executionState, errorSummary, totalDurationMs, totalTasks, analysis } =
      this.#report;
    return {
      traceId: this.#traceId,
      spanId: this.#runSpan,
      name: `run ${run.flow ?? run.id}`,
      kind: INTERNAL,
      ...this.#times(0, totalDurationMs),
      attributes: attributes({
        "astrum.run.id": run.id,
        "astrum.run.state": executionState,
        "astrum.run.result": runResultOf(this.#report),
        "astrum.run.tasks": totalTasks,
        "astrum.run.bound_by": analysis.boundBy,
        ...run.attributes,
      }),
      status:
        executionState === "completed" || executionState === "cancelled"
          ? {}
          : { code: STATUS_ERROR, message: errorSummary[0] ?? executionState },
    };
  }

  /** A task that never started has no span; it is counted on the run. */
  #task(task: TaskStatistics): object[] {
    const spanId = this.#taskSpans.get(task.taskName);
    if (task.startAt === null || spanId === undefined) return [];
    const parent = this.#nesting.parentOf(this.#places.get(task.taskName) ?? -1);
    const around = this.#report.taskStatistics[parent]?.taskName ?? "";
    const parentSpanId = this.#taskSpans.get(around) ?? this.#runSpan;
    const links = task.dependencies.flatMap(({ task: name, kind }) => {
      const linked = this.#taskSpans.get(name);
      return linked === undefined
        ? []
        : [
            {
              traceId: this.#traceId,
              spanId: linked,
              attributes: attributes({ "astrum.dependency.kind": kind }),
            },
          ];
    });
    const span = {
      traceId: this.#traceId,
      spanId,
      parentSpanId,
      name: this.#nameOf(task),
      kind: INTERNAL,
      ...this.#times(task.startAt, task.endAt),
      attributes: attributes({
        "astrum.task.name": task.taskName,
        "astrum.task.kind": task.kind,
        "astrum.task.item.key": task.key,
        ...(task.role === undefined ? {} : { "astrum.task.role": task.role }),
        "astrum.task.status": task.status,
        "astrum.task.result": taskResultOf(task),
        "astrum.task.tolerated": task.tolerated,
        "astrum.task.fallback": task.fallback,
        "astrum.task.skipped.because": task.because,
        "astrum.task.skipped.root": task.root,
        "astrum.task.stage": task.stageId,
        "astrum.task.attempts": task.attemptCount,
        "astrum.task.queued_ms": task.queuedMs,
        "astrum.task.release_ms": task.releaseMs,
        "astrum.task.lost": task.lostAt === undefined ? undefined : true,
        ...task.attributes,
      }),
      links,
      status: this.#status(task),
    };
    return [span, ...task.attemptStatistics.map((attempt) => this.#attempt(attempt, task, spanId))];
  }

  /** Of few values: the path without its indices, `thumbs[].resize`. */
  #nameOf(task: TaskStatistics): string {
    const { taskStatistics } = this.#report;
    const way = this.#nesting.around(this.#places.get(task.taskName) ?? -1).reverse();
    let name = "";
    let above = "";
    for (const one of [...way.map((place) => taskStatistics[place] as TaskStatistics), task]) {
      const { taskName, kind } = one;
      const own = taskName.startsWith(above) ? taskName.slice(above.length) : taskName;
      name += kind === "item" ? "[]" : above === "" ? own : own.replace(/^\[\d+\]/, "[]");
      above = taskName;
    }
    return name;
  }

  #attempt(attempt: AttemptStatistics, task: TaskStatistics, parentSpanId: string): object {
    const { taskName, attemptNumber, status, error, executor, endAt } = attempt;
    const result = attemptResultOf(attempt, task);
    const traced = attempt.trace !== undefined && /^[0-9a-f]{16}$/.test(attempt.trace.spanId);
    return {
      traceId: this.#traceId,
      spanId: traced ? attempt.trace?.spanId : this.#id(`attempt ${attemptNumber}`, taskName),
      parentSpanId,
      name: `attempt ${attemptNumber}`,
      kind: INTERNAL,
      ...this.#times(attempt.startAt, endAt),
      attributes: attributes({
        "astrum.attempt.number": attemptNumber,
        "astrum.attempt.status": status,
        "astrum.attempt.result": result,
        "astrum.attempt.will_retry": attempt.willRetry,
        "astrum.attempt.executor": executor,
        "astrum.attempt.deliveries": attempt.deliveries,
      }),
      events:
        error === undefined ? [] : [this.#exception(error, endAt ?? this.#report.totalDurationMs)],
      status: isError(result)
        ? { code: STATUS_ERROR, message: attemptMessage(attempt) ?? status }
        : {},
    };
  }

  #exception(error: SerializedError, at: number): object {
    return {
      timeUnixNano: this.#nanoseconds(at),
      name: "exception",
      attributes: attributes({
        "exception.type": error.name,
        "exception.message": error.message.trim() === "" ? summarizeError(error) : error.message,
        "exception.stacktrace": errorText(error),
      }),
    };
  }

  #status(task: TaskStatistics): object {
    const result = taskResultOf(task);
    if (result === "success" || result === "restored" || result === "cached") return {};
    return isError(result) || task.releaseError !== undefined
      ? { code: STATUS_ERROR, message: reasonText(task) }
      : {};
  }

  #times(startAt: number, endAt: number | null): object {
    return {
      startTimeUnixNano: this.#nanoseconds(startAt),
      endTimeUnixNano: this.#nanoseconds(Math.max(startAt, endAt ?? this.#report.totalDurationMs)),
    };
  }

  /** A double cannot hold the nanoseconds since 1970; offsets are whole microseconds. What OTLP cannot hold is 0, its "unknown". */
  #nanoseconds(offsetMs: number): string {
    const { epochMs } = this.#report.clock;
    const latest = 18_446_744_073_708;
    if (
      !(
        epochMs + offsetMs >= 0 &&
        epochMs >= 0 &&
        epochMs + offsetMs <= latest &&
        epochMs <= latest
      )
    ) {
      return "0";
    }
    const base = BigInt(Math.trunc(epochMs)) * 1_000_000n;
    const rest = Math.round((epochMs - Math.trunc(epochMs) + offsetMs) * 1000);
    return String(base + BigInt(rest) * 1000n);
  }

  #id(kind: string, name: string): string {
    return hash(`${this.#report.run.id}\n${kind}\n${name}`, 3);
  }
}

/** What was called off by others is no error, and nobody knows of what was cut off. */
function isError(result: TaskResult | undefined): boolean {
  return result === "failure" || result === "timeout";
}

type AttributeValue = string | number | boolean | null | undefined;

function attributes(values: Readonly<Record<string, AttributeValue>>): object[] {
  return Object.entries(values).flatMap(([key, value]): object[] => {
    if (value === null || value === undefined) return [];
    if (typeof value === "string") return [{ key, value: { stringValue: value } }];
    if (typeof value === "boolean") return [{ key, value: { boolValue: value } }];
    // 64-bit integers are strings in the JSON form of protobuf.
    if (Number.isSafeInteger(value)) return [{ key, value: { intValue: String(value) } }];
    return [{ key, value: { doubleValue: value } }];
  });
}

/** 64-bit FNV-1a over UTF-16 units, in hexadecimal and never all zero. Tells spans apart, protects nothing. */
function hash(text: string, seed: number): string {
  let low = 0x84222325 ^ seed;
  let high = 0xcbf29ce4;
  for (let index = 0; index < text.length; index++) {
    low ^= text.charCodeAt(index);
    // Multiply by the FNV prime 2^40 + 0x1b3 in two halves.
    const product = (low >>> 0) * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 0x1_0000_0000) + (low << 8)) | 0;
    low = product | 0;
  }
  const hex = (part: number): string => (part >>> 0).toString(16).padStart(8, "0");
  const id = `${hex(high)}${hex(low)}`;
  return /^0+$/.test(id) ? "0000000000000001" : id;
}
