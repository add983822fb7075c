/** What a task said in its log, as lines for people: the last of them, and how many there were before. Knows no format. */
import type { LogLineStatistics, TaskStatistics } from "@astrum/core";
import { duration } from "./duration.ts";
import { cut } from "./visible.ts";

/** So many stand beside a failure. */
const SHOWN = 10;
/** Characters of one. */
const LINE = 400;

/** Of the last attempt; empty when it said nothing. */
export function logText(task: TaskStatistics, shown: number = SHOWN): string {
  const attempt = task.attemptStatistics.at(-1);
  return saidText(attempt?.log ?? [], attempt?.logDropped ?? 0, attempt?.startAt ?? 0, shown);
}

/** `12 ms  page 3 rows=20`: how long after `startAt`, what, and its attributes. */
export function saidText(
  log: readonly LogLineStatistics[],
  dropped: number,
  startAt: number,
  shown: number = SHOWN,
): string {
  const last = log.slice(-shown);
  const before = dropped + log.length - last.length;
  const lines = last.map(({ at, message, attributes = {} }) => {
    const facts = Object.entries(attributes).map(([name, value]) => ` ${name}=${worded(value)}`);
    return cut(`${duration(Math.max(0, at - startAt))}  ${message}${facts.join("")}`, LINE);
  });
  return [...(before > 0 ? [`… ${before} lines before`] : []), ...lines].join("\n");
}

/** As a text where it could be taken for more than one word. */
function worded(value: string | number | boolean): string {
  return typeof value === "string" && /[\s="]|^$/.test(value) ? JSON.stringify(value) : `${value}`;
}
