/**
 * What the lines of an event log must hold, by type, as JSON Schema with the definitions of the report's own: whatever
 * passes adds up to a valid report. Knows no run.
 */
import reportSchema from "../../schema/execution-report-1.schema.json" with { type: "json" };
import type { LineBody } from "./log-format.ts";
import type { SchemaObject } from "./schema-check.ts";

type Properties = NonNullable<SchemaObject["properties"]>;

const report = reportSchema as SchemaObject;

const text = { type: "string" };
const flag = { type: "boolean" };
const count = { $ref: "#/$defs/count" };
const names = { $ref: "#/$defs/names" };
const attributes = { $ref: "#/$defs/attributes" };
const textOrNull = { anyOf: [text, { type: "null" }] };

/** The years 0 to 9999, which a date of a report can name. */
const instant = { type: "number", minimum: -62_167_219_200_000, maximum: 253_402_300_799_999 };
/** As far apart as two instants can be: what they add up to is finite, however many they are. */
const ms = { type: "number", minimum: 0, maximum: 315_569_520_000_000 };
const offset = { type: "number", minimum: -315_569_520_000_000, maximum: 315_569_520_000_000 };
const limit = {
  anyOf: [{ type: "integer", minimum: 1, maximum: 9_007_199_254_740_991 }, { type: "null" }],
};

const finalStatus = definition("taskStatistics").properties?.status as SchemaObject;
const status = {
  enum: ["waiting", "ready", "running", "delayed", ...(finalStatus.enum as readonly string[])],
};

function definition(name: string): SchemaObject {
  return (report.$defs as Readonly<Record<string, SchemaObject>>)[name] as SchemaObject;
}

/** Some properties of a definition, all of them optional. */
function partOf(schema: SchemaObject, keys: readonly string[]): Properties {
  return Object.fromEntries(
    keys.map((key) => [key, (schema.properties as Properties)[key] ?? true]),
  );
}

function record(required: readonly string[], properties: Properties): SchemaObject {
  return { type: "object", required, properties };
}

const { taskStatistics: _, ...headProperties } = report.properties as Properties;

const parts: Readonly<Record<string, SchemaObject>> = {
  lineClock: record(["epochMs", "driftMs"], {
    epochMs: instant,
    driftMs: { anyOf: [{ type: "number" }, { type: "null" }] },
  }),
  header: record(["run", "clock", "planningDurationMs"], {
    ...partOf(report, ["run", "originalTasks", "planIssues", "resume"]),
    clock: { $ref: "#/$defs/lineClock" },
    planningDurationMs: ms,
  }),
  footer: record(["clock", "errorSummary"], {
    ...partOf(report, ["errorSummary", "observerErrors", "resume", "timedOut"]),
    clock: { $ref: "#/$defs/lineClock" },
    cpuMs: ms,
    overruns: { type: "object", additionalProperties: ms },
  }),
  finished: record(
    (report.required as readonly string[]).filter((key) => key !== "taskStatistics"),
    { ...headProperties, clock: { $ref: "#/$defs/lineClock" } },
  ),
  info: record(["name", "stage", "dependencies", "maxAttempts", "tags"], {
    name: text,
    stage: { anyOf: [count, { type: "null" }] },
    dependencies: names,
    parent: text,
    maxAttempts: count,
    tags: names,
    concurrency: limit,
    edges: definition("taskStatistics").properties?.dependencies ?? true,
    ...partOf(definition("taskStatistics"), [
      "kind",
      "role",
      "index",
      "key",
      "fingerprint",
      "description",
      "priority",
    ]),
  }),
  facts: record([], {
    ...partOf(definition("taskStatistics"), [
      "tolerated",
      "fallback",
      "source",
      "reason",
      "ignoredSignal",
      "attributes",
      "output",
      "resources",
    ]),
    blockedMs: ms,
    journalMs: ms,
    overrunMs: ms,
  }),
  outcome: record(["status"], {
    status: finalStatus,
    error: { $ref: "#/$defs/error" },
    errorMessage: text,
    timedOut: flag,
    reason: text,
    cause: text,
  }),
};

const attempt = { task: text, attempt: { type: "integer", minimum: 1 } };
const outcome = { $ref: "#/$defs/outcome" };

const bodies: Readonly<Record<LineBody["type"], SchemaObject>> = {
  "run.start": record(["flow", "stageCount", "maxParallelism", "concurrency", "attributes"], {
    flow: text,
    stageCount: count,
    maxParallelism: count,
    concurrency: limit,
    attributes,
    resumes: text,
    report: { $ref: "#/$defs/header" },
  }),
  started: record(["flow"], { flow: text, resumes: text }),
  "task.status": record(["task", "to"], {
    task: text,
    from: status,
    to: status,
    cause: text,
    info: { $ref: "#/$defs/info" },
    readyAt: { anyOf: [offset, { type: "null" }] },
    releasedBy: textOrNull,
    facts: { $ref: "#/$defs/facts" },
  }),
  "attempt.start": record(["task", "attempt", "executor", "waitedMs"], {
    ...attempt,
    executor: text,
    waitedMs: ms,
    slot: count,
    limitedBy: text,
    slotFreedBy: text,
  }),
  "attempt.progress": record(["task", "attempt", "fraction"], {
    ...attempt,
    fraction: { type: "number" },
    message: text,
  }),
  "attempt.log": record(["task", "attempt", "message"], {
    ...attempt,
    message: text,
    attributes,
  }),
  "attempt.end": record(["task", "attempt", "outcome", "willRetry"], {
    ...attempt,
    outcome,
    willRetry: flag,
    delayMs: ms,
    executor: text,
    ...partOf(definition("attemptStatistics"), ["deliveries", "logDropped"]),
  }),
  completed: record(["task", "fingerprint", "output"], {
    task: text,
    fingerprint: text,
    output: { $ref: "#/$defs/encodedValue" },
    sealed: text,
    origin: { $ref: "#/$defs/origin" },
    parent: text,
    index: count,
    crc: text,
  }),
  "task.end": record(["task", "outcome"], {
    task: text,
    outcome,
    statistics: { $ref: "#/$defs/taskStatistics" },
  }),
  "task.released": record(["task", "releaseMs"], {
    task: text,
    releaseMs: ms,
    error: { $ref: "#/$defs/error" },
  }),
  "task.unstored": record(["task", "why"], { task: text, why: text }),
  "task.lost": record(["task", "error"], { task: text, error: { $ref: "#/$defs/error" } }),
  "run.end": record(["executionState"], {
    executionState: headProperties.executionState ?? true,
    report: { $ref: "#/$defs/finished" },
    footer: { $ref: "#/$defs/footer" },
  }),
};

/** The definitions that the schemas of lines refer to. */
export const lineDefinitions: SchemaObject = { $defs: { ...report.$defs, ...parts } };

/** By type, what a line of it holds. */
export const lineSchemas: ReadonlyMap<string, SchemaObject> = new Map(
  Object.entries(bodies).map(([type, { required, properties }]) => [
    type,
    record(["v", "run", "at", ...(required ?? [])], {
      v: { type: "integer", minimum: 1 },
      seq: { type: "integer", minimum: 0 },
      run: text,
      at: instant,
      ...properties,
    }),
  ]),
);
