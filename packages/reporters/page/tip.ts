/** What is told about an attempt where it is pointed at. */
import { ATTEMPT_STATUSES } from "../src/html/page-data.ts";
import { duration } from "../src/wording/duration.ts";
import type { Run } from "./run.ts";

export function tipText(run: Run, attempt: number): string {
  const { attempts } = run.data;
  const task = attempts.task[attempt] ?? 0;
  const startUs = attempts.startUs[attempt] ?? 0;
  const endUs = attempts.endUs[attempt] ?? 0;
  const number = run.attemptsOf(task).length > 1 ? `, attempt ${attempts.number[attempt]}` : "";
  const lines = [
    `${run.name(task)}${number}`,
    `${ATTEMPT_STATUSES[attempts.status[attempt] ?? 0]} · ran ${duration((endUs - startUs) / 1000)} from ${duration(startUs / 1000)}`,
  ];
  const queuedUs = attempts.queuedUs[attempt] ?? 0;
  const limit = run.text(attempts.limitedBy[attempt]);
  if (queuedUs > 0)
    lines.push(`waited ${duration(queuedUs / 1000)}${limit === "" ? "" : ` for ${limit}`}`);
  if (attempts.critical[attempt] === 1) lines.push("on the critical path");
  return lines.join("\n");
}
