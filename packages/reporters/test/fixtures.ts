/** The frozen reports of format version 1.0, one per kind of run. Every format is checked on all of them. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { SerializedReport } from "@astrum/core";

const SMALL = ["empty", "one", "cancelled", "planning-failure", "interrupted"] as const;
const PACKED = ["mixed", "hostile", "large"] as const;

export type FixtureName = (typeof SMALL)[number] | (typeof PACKED)[number];

export const fixtureNames: readonly FixtureName[] = [...SMALL, ...PACKED];

export function fixtureText(name: FixtureName): string {
  const packed = (PACKED as readonly string[]).includes(name);
  const file = new URL(`./fixtures/1.0/${name}.json${packed ? ".gz" : ""}`, import.meta.url);
  const bytes = readFileSync(file);
  return (packed ? gunzipSync(bytes) : bytes).toString("utf8");
}

const parsed = new Map<FixtureName, SerializedReport>();

/** Frozen: a format that changes the report it is given fails the test that catches it. */
export function fixture(name: FixtureName): SerializedReport {
  let report = parsed.get(name);
  if (report === undefined) {
    const read: unknown = JSON.parse(fixtureText(name));
    // A hundred thousand objects: what would change them is caught on the others.
    report = (name === "large" ? read : deepFreeze(read)) as SerializedReport;
    parsed.set(name, report);
  }
  return report;
}

/** Lines of a test result that are about the run and not about a task: what the plan lacked, or that it ended early. */
export function linesOfTheRun(report: SerializedReport): number {
  if (report.planIssues !== undefined) return report.planIssues.length;
  return report.executionState === "completed" || failedTasks(report) > 0 ? 0 : 1;
}

/** Tasks that test results show as failed. Those that were running when a process was killed are none. */
export function failedTasks(report: SerializedReport): number {
  const { failedTasks, abandonedTasks, executionState } = report;
  return executionState === "interrupted" ? failedTasks : failedTasks + abandonedTasks;
}

/** Tasks that test results show as skipped. */
export function skippedTasks(report: SerializedReport): number {
  const { totalTasks, successfulTasks, restoredTasks } = report;
  return totalTasks - successfulTasks - restoredTasks - failedTasks(report);
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
