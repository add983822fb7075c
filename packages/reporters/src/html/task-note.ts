/** What else a report says about a task, a line each: for the detail pane, which has room for what few tasks have. */
import {
  type EncodedValue,
  type SerializedReport,
  summarizeError,
  type TaskStatistics,
} from "@astrum/core";
import { plural } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { cut } from "../wording/visible.ts";

const VALUE = 2000;
/** Outputs whose size is a number of items; that of a text is its characters, of anything else its bytes. */
const ITEMS: ReadonlySet<string> = new Set(["Array", "Map", "Set"]);

/** `label: text` lines, empty when there is nothing. Not yet safe to show. */
export function noteOf(task: TaskStatistics, outputs: SerializedReport["outputs"]): string {
  const lines: string[] = [];
  if (task.description !== undefined) lines.push(task.description);
  if (task.source === "cache") lines.push("its result was in the cache");
  if (task.role === "finally") lines.push("finally task: it started when all others had ended");
  if (task.lostAt !== undefined) lines.push(lossOf(task));
  if (task.releasedAt !== undefined) lines.push(releaseOf(task));
  if (task.tags !== undefined && task.tags.length > 0) lines.push(`tags: ${task.tags.join(", ")}`);
  for (const [key, value] of Object.entries(task.attributes ?? {})) lines.push(`${key}: ${value}`);
  if (task.blockedMs !== undefined)
    lines.push(`held the thread for ${duration(task.blockedMs)} at a stretch`);
  if (task.ignoredSignal === true) lines.push("did not stop when it was asked to");
  if (task.overrunMs !== undefined) lines.push(overrun(task, duration(task.overrunMs)));
  for (const { attemptNumber, deliveries } of task.attemptStatistics) {
    if (deliveries === undefined) continue;
    lines.push(`attempt ${attemptNumber} was started ${deliveries} times: an executor was lost`);
  }
  if (task.output !== undefined) {
    const { type, size } = task.output;
    const unit = type === "string" ? "character" : ITEMS.has(type) ? "item" : "byte";
    lines.push(`output: ${type}${size === undefined ? "" : ` of ${plural(size, unit)}`}`);
  }
  const value =
    outputs !== undefined && Object.hasOwn(outputs, task.taskName)
      ? outputs[task.taskName]
      : undefined;
  if (value !== undefined) lines.push(`value: ${shown(value)}`);
  return lines.join("\n");
}

function lossOf({ lostAt = 0, lostError }: TaskStatistics): string {
  const why = lostError?.cause === undefined ? "" : `: ${summarizeError(lostError.cause, VALUE)}`;
  return `its value had gone by itself ${duration(lostAt)} into the run${why}`;
}

function releaseOf({ releasedAt = 0, releaseMs = 0, releaseError }: TaskStatistics): string {
  const when = `${duration(releasedAt)} into the run, which took ${duration(releaseMs)}`;
  if (releaseError === undefined) return `its value was released ${when}`;
  return `its value was not released ${when}: ${summarizeError(releaseError, VALUE)}`;
}

function overrun({ status, attemptCount }: TaskStatistics, time: string): string {
  if (attemptCount === 0) return `waited ${time} for its inputs after it was called off`;
  return `${status === "abandoned" ? "given up" : "ended"} ${time} after it was asked to stop`;
}

function shown(value: EncodedValue): string {
  if (value.encoding === "undefined") return "undefined";
  if (value.encoding === "omitted") return `left out, ${value.why}`;
  return cut(JSON.stringify(value.value), VALUE);
}
