/**
 * Takes secrets out of a report before any format sees it. Works on the report's own strings, so that no quoting of a
 * format can hide one. Knows the shape of a report and nothing of formats.
 */
import {
  decodeValue,
  type EncodedValue,
  type LogLineStatistics,
  type SerializedError,
  type SerializedReport,
  type TaskStatistics,
} from "@astrum/core";
import { checkOptions, told } from "astrum-options";
import { hasCredentials, REDACTED, withoutCredentials, withoutUrlSecrets } from "./credentials.ts";
import { type AnyReport, givenReport } from "./given-report.ts";
import { redactRule } from "./redact-rule.ts";

/**
 * What must not leave the process.
 *
 * Always, unless `false`: a property whose name says that it is a credential (`password`, `client_secret`,
 * `accessToken`, `Authorization`, `cookie` …) in attributes and in an error's `data` becomes `"[redacted]"`; so do, there and
 * in the messages and stacks of errors, in reasons and in the keys of items, the password of a URL and those of its
 * parameters that are called like a credential.
 * A list adds texts and patterns: every occurrence in any string of the report, task names included, is replaced.
 * A function sees every string with the path to it and returns what may be shown; it must be pure and must not throw.
 *
 * An output in which anything was found is left out as a whole (`{ encoding: "omitted", why: "redacted" }`): a run that
 * resumes from the report computes it again instead of working with a hole.
 */
export type Redaction =
  | false
  | readonly (string | RegExp)[]
  | ((text: string, path: readonly (string | number)[]) => string);

/** Properties whose values are words of the format. */
const VOCABULARY = new Set([
  "format",
  "formatVersion",
  "executionState",
  "kind",
  "role",
  "status",
  "because",
  "link",
  "scope",
  "boundBy",
  "keep",
  "type",
  "startedAt",
]);
/** Properties, of a report or of a line of a log, that hold records with keys of the user's choice, at any depth. */
const FREE = new Set(["attributes", "data", "originalTasks", "overruns", "resources", "versions"]);

/**
 * The report without secrets, as every format shows it: for programs that store or send it themselves. A live report is
 * taken without its outputs; `redactReport(report.toJSON({ outputs: true }))` keeps those in which nothing was found.
 *
 * @example
 * await store.put(id, redactReport(await nightly.run()));
 */
export function redactReport(report: AnyReport, redact?: Redaction): SerializedReport {
  checkOptions("redactReport", { redact }, { redact: redactRule });
  return redacted(report, redact);
}

/** `outputs`: a live report is asked for its outputs. */
export function redacted(
  report: AnyReport,
  redaction: Redaction | undefined,
  outputs = false,
): SerializedReport {
  return redactor(givenReport(report, outputs), redaction).report();
}

export interface Redactor {
  /** Everything. */
  report(): SerializedReport;
  /** Everything but the tasks, for those who stream them. */
  head(): SerializedReport;
  task(statistics: TaskStatistics, index: number): TaskStatistics;
}

export function redactor(report: SerializedReport, redaction: Redaction | undefined): Redactor {
  if (redaction === false) {
    return { report: () => report, head: () => withoutTasks(report), task: (task) => task };
  }
  const rewrite = textRule(redaction);
  if (rewrite === undefined) {
    const task = (statistics: TaskStatistics): TaskStatistics => credentialsOfTask(statistics);
    const head = (): SerializedReport => credentialsOfHead(withoutTasks(report));
    return {
      report: () => ({ ...head(), taskStatistics: report.taskStatistics.map(task) }),
      head,
      task,
    };
  }
  const names = distinctNames(report, rewrite);
  const scrub = new Scrub(rewrite, names);
  const task = (statistics: TaskStatistics, index: number): TaskStatistics =>
    scrub.value(credentialsOfTask(statistics), ["taskStatistics", index]) as TaskStatistics;
  const head = (): SerializedReport => {
    const { outputs, origins, ...rest } = credentialsOfHead(withoutTasks(report));
    const clean = scrub.value(rest, []) as SerializedReport;
    return {
      ...clean,
      ...(outputs === undefined ? {} : { outputs: scrub.outputs(outputs) }),
      ...(origins === undefined ? {} : { origins: scrub.names(origins, "origins") }),
    };
  };
  return {
    report: () => ({ ...head(), taskStatistics: report.taskStatistics.map(task) }),
    head,
    task,
  };
}

/** An output as it is shown: whole, or not at all. */
export function outputOf(output: EncodedValue, scrub: Scrub | undefined): EncodedValue {
  if (output.encoding === "omitted" && output.detail !== undefined && scrub !== undefined) {
    return { ...output, detail: scrub.value(output.detail, ["outputs"]) as string };
  }
  if (output.encoding !== "json" && output.encoding !== "tagged") return output;
  const found = hasCredentials(decodeValue(output)?.value) || scrub?.finds(output.value) === true;
  return found ? omitted(output) : output;
}

export type TextRule = (text: string, path: readonly (string | number)[]) => string;

export function textRule(redaction: Exclude<Redaction, false> | undefined): TextRule | undefined {
  if (typeof redaction === "function") return textsOf(redaction);
  if (redaction === undefined || redaction.length === 0) return undefined;
  const patterns = redaction.map((secret) => {
    if (secret instanceof RegExp) {
      return new RegExp(secret.source, `${secret.flags.replace(/[gy]/g, "")}g`);
    }
    return secret;
  });
  return (text) => {
    let rest = text;
    for (const pattern of patterns) rest = rest.replaceAll(pattern, () => REDACTED);
    return rest;
  };
}

/** What is no text would be shown as something else: as `{}`, or as the text that it was to replace. */
function textsOf(rewrite: TextRule): TextRule {
  return (text, path) => {
    const shown: unknown = rewrite(text, path);
    if (typeof shown === "string") return shown;
    throw new TypeError(`Expected \`redact\` to return a text, got ${told(shown)}.`);
  };
}

function withoutTasks(report: SerializedReport): SerializedReport {
  return { ...report, taskStatistics: [] };
}

/** Two names that differ only in the secret must stay two names, or the graph would change. */
function distinctNames(report: SerializedReport, rewrite: TextRule): ReadonlyMap<string, string> {
  const names = new DistinctNames();
  report.taskStatistics.forEach(({ taskName }, index) => {
    names.add(taskName, rewrite(taskName, ["taskStatistics", index, "taskName"]));
  });
  return names.all;
}

/** By name, what it is shown as: no two names as one. */
export class DistinctNames {
  readonly all: Map<string, string> = new Map();
  readonly #taken: Set<string> = new Set();
  /** By what is left of names, the number that the next one tries first: thousands may be left alike. */
  readonly #next: Map<string, number> = new Map();

  add(name: string, clean: string): void {
    if (this.all.has(name)) return;
    let shown = clean;
    let number = this.#next.get(clean) ?? 2;
    while (this.#taken.has(shown)) shown = `${clean}~${number++}`;
    this.#next.set(clean, number);
    this.#taken.add(shown);
    this.all.set(name, shown);
  }
}

export class Scrub {
  readonly #rewrite: TextRule;
  readonly #names: ReadonlyMap<string, string>;

  constructor(rewrite: TextRule, names: ReadonlyMap<string, string>) {
    this.#rewrite = rewrite;
    this.#names = names;
  }

  /** What a property of the format's own holds. */
  field(key: string, value: unknown, path: readonly (string | number)[] = []): unknown {
    if (VOCABULARY.has(key)) return value;
    // By resource; what stands within is the format's own.
    if (key === "rates" && typeof value === "object" && value !== null) {
      return this.names(value as Record<string, unknown>, key);
    }
    return this.value(value, [...path, key], FREE.has(key));
  }

  /** `free`: inside a record whose keys the user chose; elsewhere they are the format's own. */
  value(value: unknown, path: readonly (string | number)[], free = false): unknown {
    if (typeof value === "string") return this.#text(value, path);
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) {
      return value.map((item, index) => this.value(item, [...path, index], free));
    }
    return objectOf(
      Object.entries(value).map(([key, item]) =>
        free
          ? [this.#text(key, path), this.value(item, [...path, key], true)]
          : [key, this.field(key, item, path)],
      ),
    );
  }

  outputs(outputs: Record<string, EncodedValue>): Record<string, EncodedValue> {
    const named = this.names(outputs, "outputs");
    return objectOf(Object.entries(named).map(([name, output]) => [name, outputOf(output, this)]));
  }

  /** A record by task: its keys, and nothing inside. */
  names<T>(record: Record<string, T>, place: string): Record<string, T> {
    return objectOf(
      Object.entries(record).map(([name, value]) => [this.#text(name, [place]), value]),
    );
  }

  finds(output: unknown): boolean {
    return JSON.stringify(this.value(output, ["outputs"], true)) !== JSON.stringify(output);
  }

  #text(text: string, path: readonly (string | number)[]): string {
    return this.#names.get(text) ?? this.#rewrite(text, path);
  }
}

function credentialsOfHead(report: SerializedReport): SerializedReport {
  const clean = { ...report };
  if (report.run.attributes !== undefined) {
    clean.run = { ...report.run, attributes: withoutCredentials(report.run.attributes) };
  }
  clean.errorSummary = report.errorSummary.map(withoutUrlSecrets);
  if (report.observerErrors !== undefined) {
    clean.observerErrors = report.observerErrors.map(credentialsOfError);
  }
  if (report.planIssues !== undefined) {
    clean.planIssues = report.planIssues.map((issue) => ({
      ...issue,
      message: withoutUrlSecrets(issue.message),
    }));
  }
  if (report.outputs !== undefined) {
    clean.outputs = objectOf(
      Object.entries(report.outputs).map(([name, output]) => [name, outputOf(output, undefined)]),
    );
  }
  return clean;
}

function credentialsOfTask(task: TaskStatistics): TaskStatistics {
  const key = task.key && withoutUrlSecrets(task.key);
  const description = task.description && withoutUrlSecrets(task.description);
  if (
    key === task.key &&
    description === task.description &&
    task.attributes === undefined &&
    task.error === undefined &&
    task.releaseError === undefined &&
    task.lostError === undefined &&
    task.reason === undefined &&
    task.attemptStatistics.every(
      ({ error, errorMessage, log }) =>
        error === undefined && errorMessage === undefined && log === undefined,
    )
  ) {
    return task;
  }
  const clean = { ...task };
  if (key !== undefined) clean.key = key;
  if (description !== undefined) clean.description = description;
  if (task.reason !== undefined) clean.reason = credentialsOfReason(task.reason);
  if (task.attributes !== undefined) clean.attributes = withoutCredentials(task.attributes);
  if (task.error !== undefined) clean.error = credentialsOfError(task.error);
  if (task.lostError !== undefined) clean.lostError = credentialsOfError(task.lostError);
  if (task.releaseError !== undefined) clean.releaseError = credentialsOfError(task.releaseError);
  clean.attemptStatistics = task.attemptStatistics.map((attempt) => {
    const { error, errorMessage, log } = attempt;
    return {
      ...attempt,
      ...(log === undefined ? {} : { log: log.map(credentialsOfLogLine) }),
      ...(error === undefined ? {} : { error: credentialsOfError(error) }),
      ...(errorMessage === undefined ? {} : { errorMessage: withoutUrlSecrets(errorMessage) }),
    };
  });
  return clean;
}

function credentialsOfLogLine({ attributes, ...line }: LogLineStatistics): LogLineStatistics {
  const clean = { ...line, message: withoutUrlSecrets(line.message) };
  return attributes === undefined
    ? clean
    : { ...clean, attributes: withoutCredentials(attributes) };
}

function credentialsOfReason(
  reason: NonNullable<TaskStatistics["reason"]>,
): NonNullable<TaskStatistics["reason"]> {
  return "message" in reason && reason.message !== undefined
    ? { ...reason, message: withoutUrlSecrets(reason.message) }
    : reason;
}

function credentialsOfError(error: SerializedError): SerializedError {
  const clean = { ...error, message: withoutUrlSecrets(error.message) };
  if (error.stack !== undefined) clean.stack = withoutUrlSecrets(error.stack);
  if (error.data !== undefined) clean.data = withoutCredentials(error.data);
  if (error.cause !== undefined) clean.cause = credentialsOfError(error.cause);
  if (error.errors !== undefined) clean.errors = error.errors.map(credentialsOfError);
  return clean;
}

function omitted(output: EncodedValue & { encoding: "json" | "tagged" }): EncodedValue {
  const type = Array.isArray(output.value) ? "array" : typeof output.value;
  return { encoding: "omitted", why: "redacted", type };
}

/** `Object.fromEntries` defines own properties, so that `__proto__` is a key like any other. */
function objectOf<T>(entries: [string, T][]): Record<string, T> {
  return Object.fromEntries(entries);
}
