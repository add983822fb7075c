/**
 * What an earlier run left, as it is handed to a run that takes it up: every field that is read of it is checked here.
 * It may come from a file that anything has happened to. Knows no graph.
 */
import type { Issues } from "../ground/check.ts";
import { decodeValue } from "../ground/decode.ts";
import type { EncodedValue } from "../ground/encode.ts";
import { isFinal, STATUSES } from "../machine/states.ts";
import type { Origin } from "../report/origin.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import type { TaskStatistics } from "../report/statistics.ts";

export interface Earlier {
  readonly runId: string | undefined;
  readonly flow: string | undefined;
  /** It was cut off: what it does not say may have happened all the same. */
  readonly interrupted: boolean;
  /** What had become of its tasks, items left out. */
  readonly tasks: ReadonlyMap<string, EarlierTask>;
  /** Outputs of tasks and items, by name. */
  readonly stored: ReadonlyMap<string, EarlierOutput>;
}

export interface EarlierTask {
  readonly status: TaskStatistics["status"];
  /** Its end is not known: the report was made of a log that ends before. */
  readonly cutOff: boolean;
}

/** An output as it was written, value not looked at. */
export interface EarlierOutput {
  readonly encoded: EncodedValue;
  readonly origin: Origin | undefined;
  /** Why it was left out. */
  readonly omitted: string | undefined;
}

const FINAL: readonly string[] = STATUSES.filter((_, state) => isFinal(state));

const STATES: readonly string[] = [
  "completed",
  "failed",
  "cancelled",
  "interrupted",
] satisfies SerializedReport["executionState"][];

/** Collects what is wrong with it; `undefined` when it is no report that can be read. */
export function readEarlier(issues: Issues, report: unknown): Earlier | undefined {
  const { format, formatVersion, run, executionState, taskStatistics, ...left } = (report ??
    {}) as Partial<SerializedReport>;
  const readable = format === "astrum.execution-report" && /^1\.\d+$/.test(String(formatVersion));
  if (!readable || !Array.isArray(taskStatistics)) {
    issues.expected(
      ["resumeFrom"],
      "a report of format version 1 from `report.toJSON({ outputs: true })`",
      report,
    );
    return undefined;
  }
  const header = issues.record(["resumeFrom", "run"], run) ?? {};
  issues.oneOf(["resumeFrom", "executionState"], executionState, STATES);
  const interrupted = executionState === "interrupted";
  return {
    runId: textOf(issues, "id", header.id) || undefined,
    flow: textOf(issues, "flow", header.flow),
    interrupted,
    tasks: tasksOf(issues, taskStatistics, interrupted),
    stored: storedOf(issues, left.outputs, left.origins),
  };
}

function textOf(issues: Issues, key: string, text: unknown): string | undefined {
  if (text === undefined || typeof text === "string") return text;
  issues.expected(["resumeFrom", "run", key], "a string", text);
  return undefined;
}

function tasksOf(
  issues: Issues,
  rows: readonly unknown[],
  interrupted: boolean,
): Map<string, EarlierTask> {
  const tasks = new Map<string, EarlierTask>();
  // `Array.from` shows the holes.
  Array.from(rows).forEach((row, at) => {
    const path = ["resumeFrom", `taskStatistics[${at}]`];
    const { taskName, status, index, reason } = (row ?? {}) as Partial<TaskStatistics>;
    if (typeof taskName !== "string") {
      issues.expected(path, "the statistics of a task, with its taskName", row);
    } else if (!FINAL.includes(status as string)) {
      issues.expected([...path, "status"], `one of ${FINAL.join(", ")}`, status);
    } else if (index === undefined) {
      const cutOff =
        status === "abandoned" || reason?.kind === "not-started" || reason?.kind === "aborted";
      tasks.set(taskName, {
        status: status as EarlierTask["status"],
        cutOff: interrupted && cutOff,
      });
    }
  });
  return tasks;
}

function storedOf(issues: Issues, outputs: unknown, origins: unknown): Map<string, EarlierOutput> {
  const stored = new Map<string, EarlierOutput>();
  const record = issues.record(["resumeFrom", "outputs"], outputs) ?? {};
  const known = issues.record(["resumeFrom", "origins"], origins) ?? {};
  for (const name of Object.keys(record)) {
    const output = record[name];
    const { encoding, why, detail } = (output ?? {}) as Record<string, unknown>;
    if (typeof encoding !== "string") {
      issues.expected(["resumeFrom", "outputs", name], "an output with its encoding", output);
      continue;
    }
    const said = why === "redacted" ? "a secret was found in it" : (detail ?? why);
    const omitted = typeof said === "string" ? said : "it was left out";
    stored.set(name, {
      encoded: output as EncodedValue,
      origin: originOf(
        issues,
        ["resumeFrom", "origins", name],
        Object.hasOwn(known, name) ? known[name] : undefined,
      ),
      omitted: encoding === "omitted" ? omitted : undefined,
    });
  }
  return stored;
}

const DIGESTS = ["run", "definition", "given", "from"] as const;
const OPTIONAL: readonly string[] = ["given", "from"] satisfies (keyof Origin)[];

/** What an output was made from, as it was written; none when that is not there, or not what it should be. */
export function originOf(
  issues: Issues,
  path: readonly string[],
  origin: unknown,
): Origin | undefined {
  const record = issues.record(path, origin);
  if (record === undefined) return undefined;
  const before = issues.list.length;
  for (const key of DIGESTS) {
    const digest = record[key];
    if (typeof digest === "string" || (digest === undefined && OPTIONAL.includes(key))) continue;
    issues.expected([...path, key], "a digest", digest);
  }
  issues.integer([...path, "item"], record.item, 0);
  return issues.list.length === before ? (record as unknown as Origin) : undefined;
}

/** A result that is taken over. The value is a copy: what it was read from may be taken up again. */
export interface TakenOutput {
  readonly value: unknown;
  readonly output: EncodedValue;
  readonly origin: Origin;
}

/** The value of a stored output; none when it is no value that was encoded. */
export function take({ encoded, origin }: EarlierOutput): TakenOutput | undefined {
  const decoded = origin && decodeValue(encoded);
  return decoded && { value: decoded.value, output: encoded, origin };
}
