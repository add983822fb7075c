/** What the observer can be told, checked where it enters, every fault at once. Knows no span. */
import type { RunInfo, TaskInfo } from "@astrum/core";
import type { Attributes, Context, MeterProvider, TracerProvider } from "@opentelemetry/api";

/** What gets a span: runs only; runs and tasks; also each attempt of tasks that can have several. */
export type Detail = "run" | "task" | "attempt";

/** Where an exception is told: as an event of the span, as a log record, or as both. */
export type ExceptionSignal = "event" | "log" | "both";

/** The part of the Logs API that is used, whichever package it comes from. */
export interface LoggerProvider {
  getLogger(name: string, version?: string): { emit(record: LogRecord): void };
}

export interface LogRecord {
  readonly eventName: string;
  readonly timestamp: [seconds: number, nanoseconds: number];
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Attributes;
  readonly context: Context;
}

export interface OtelObserverOptions {
  /** Default `attempt`. */
  readonly detail?: Detail | undefined;
  /** `false` gives the task no span; its own spans then belong to the run's. Asked once a task, when it becomes ready. */
  readonly shouldTrace?: ((task: TaskInfo) => boolean) | undefined;
  /**
   * `active` (default): the run's span is a child of the span that is active where `run()` is called. `root`: it begins
   * a trace of its own, with a link to that span; for runs that outlive or dwarf their caller.
   */
  readonly parent?: "active" | "root" | undefined;
  /** Links of one task span at most, the critical one first. An integer from 0 up, default 128, as SDKs have it. */
  readonly maxLinks?: number | undefined;
  /** More attributes for the start of a run's span (`RunInfo`) and of a task's (`TaskInfo`, which has a `run`). */
  readonly attributes?: ((subject: RunInfo | TaskInfo) => Attributes | undefined) | undefined;
  /** The `error.type` of an error: few values, for spans and metrics alike. `undefined` leaves it to the default. */
  readonly errorType?: ((error: unknown) => string | undefined) | undefined;
  /** Default: what `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN` says (`logs` or `logs/dup`), else `event`. */
  readonly exceptions?: ExceptionSignal | undefined;
  /** `cicd`: also the attributes of the CI/CD conventions, `cicd.pipeline.*`, as far as a library can know them. */
  readonly semconv?: { readonly cicd?: boolean | undefined } | undefined;
  /** `false` records no metrics. Default `true`. */
  readonly metrics?: boolean | undefined;
  /** Default: the global one, looked up at the start of each run, so the SDK may be started after this call. */
  readonly tracerProvider?: TracerProvider | undefined;
  readonly meterProvider?: MeterProvider | undefined;
  /** For exceptions as logs. Default: the global one of `@opentelemetry/api` from 1.10 on; 1.9 has none. */
  readonly loggerProvider?: LoggerProvider | undefined;
}

const FUNCTIONS = ["shouldTrace", "attributes", "errorType"] as const;
const PROVIDERS = [
  ["tracerProvider", "getTracer"],
  ["meterProvider", "getMeter"],
  ["loggerProvider", "getLogger"],
] as const;
const CHOICES = {
  detail: ["run", "task", "attempt"],
  parent: ["active", "root"],
  exceptions: ["event", "log", "both"],
} as const;
const KEYS: readonly string[] = [
  ...FUNCTIONS,
  ...PROVIDERS.map(([key]) => key),
  ...Object.keys(CHOICES),
  "maxLinks",
  "semconv",
  "metrics",
];

/** Throws one `TypeError` that lists all that is wrong. */
export function checkOptions(options: unknown): OtelObserverOptions {
  const faults: string[] = [];
  const given = record("options", options, KEYS, faults);
  for (const [key, choices] of Object.entries(CHOICES)) {
    const value = given[key];
    if (value === undefined || (choices as readonly unknown[]).includes(value)) continue;
    const expected = choices.map((choice) => `"${choice}"`).join(", ");
    faults.push(
      `Expected \`${key}\` to be one of ${expected}, got ${shown(value)}.${meant(value, choices)}`,
    );
  }
  for (const key of FUNCTIONS) {
    if (given[key] !== undefined && typeof given[key] !== "function") {
      faults.push(`Expected \`${key}\` to be a function, got ${shown(given[key])}`);
    }
  }
  for (const [key, method] of PROVIDERS) {
    const provider = given[key] as Record<string, unknown> | null | undefined;
    if (provider === undefined || typeof provider?.[method] === "function") continue;
    faults.push(`Expected \`${key}\` to be a provider with \`${method}\`, got ${shown(provider)}`);
  }
  const { maxLinks, metrics } = given;
  if (maxLinks !== undefined && !(Number.isSafeInteger(maxLinks) && (maxLinks as number) >= 0)) {
    faults.push(`Expected \`maxLinks\` to be an integer from 0 up, got ${shown(maxLinks)}`);
  }
  if (metrics !== undefined) flag("metrics", metrics, faults);
  const { cicd } = record("semconv", given.semconv, ["cicd"], faults);
  if (cicd !== undefined) flag("semconv.cicd", cicd, faults);
  if (faults.length > 0) throw new TypeError(`otelObserver(): ${faults.join("\n  ")}`);
  return given as OtelObserverOptions;
}

function record(
  name: string,
  value: unknown,
  keys: readonly string[],
  faults: string[],
): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    faults.push(`Expected \`${name}\` to be an object, got ${shown(value)}`);
    return {};
  }
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue;
    const place = name === "options" ? "" : ` of \`${name}\``;
    faults.push(`Unknown option \`${key}\`${place}.${meant(key, keys)}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function flag(name: string, value: unknown, faults: string[]): void {
  if (typeof value !== "boolean") {
    faults.push(`Expected \`${name}\` to be true or false, got ${shown(value)}`);
  }
}

function shown(value: unknown): string {
  if (typeof value === "string") return `"${value.slice(0, 80)}"`;
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/** The candidate that differs least, when that is by a third of its letters at most. */
function meant(value: unknown, candidates: readonly string[]): string {
  if (typeof value !== "string") return "";
  const [best] = candidates
    .map((candidate) => ({
      candidate,
      edits: distance(value.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ candidate, edits }) => edits <= Math.max(candidate.length, value.length) / 3)
    .sort((a, b) => a.edits - b.edits);
  return best === undefined ? "" : ` Did you mean "${best.candidate}"?`;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      next.push(
        Math.min(replaced, (above[column] as number) + 1, (next[column - 1] as number) + 1),
      );
    }
    above = next;
  }
  return above[b.length] as number;
}
