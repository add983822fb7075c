/** What a run would have taken with other numbers, as text: each change with what it saves, and how sure that is. */
import type { SerializedReport } from "@astrum/core";
import type { Change, WhatIf } from "@astrum/core/whatif";
import type { Advice } from "../asking/advice.ts";
import { adviceNote, leverLine } from "../asking/lever-text.ts";
import { worthText } from "../asking/verdict.ts";
import { duration } from "../wording/duration.ts";
import { visible, visibleName } from "../wording/visible.ts";

const NAMED = 5;

/** `advice`: what would help, for who names no change. */
export function renderWhatIfText(
  report: SerializedReport,
  { asRun, changes, knee }: WhatIf,
  advice: Advice | undefined,
): string {
  const { id, flow } = report.run;
  const what = flow === undefined || flow === "" ? "" : `${visible(flow)}: `;
  const error = asRun.errorMs < 0.001 ? "exact" : `${duration(asRun.errorMs)} off`;
  const lines = [
    `${what}run ${visible(id)} took ${duration(asRun.measuredMs)}`,
    `Simulated as it was: ${duration(asRun.makespanMs)}, ${error}.`,
  ];
  const told =
    changes.length > 0
      ? changes.map(
          ({ change, makespanMs, savedMs }) => [makespanMs, savedMs, text(change, report)] as const,
        )
      : (advice?.levers ?? []).map(
          (lever) => [lever.makespanMs, lever.savedMs, `if ${leverLine(lever)}`] as const,
        );
  if (told.length > 0) {
    lines.push("", row("it takes", "and saves", "", ""));
    for (const [makespanMs, savedMs, change] of told) {
      const share =
        asRun.makespanMs === 0 ? "" : `${Math.round((100 * savedMs) / asRun.makespanMs)} %`;
      lines.push(row(duration(makespanMs), duration(savedMs), share, change));
    }
  } else if (advice !== undefined) {
    lines.push(
      "",
      `Nothing that it had would have saved anything ${worthText(advice)}. ${adviceNote(advice)}`,
    );
  }
  const unmeasured = Array.from(new Set(changes.flatMap((change) => change.unmeasured)));
  if (unmeasured.length > 0) lines.push("", unmeasuredText(unmeasured));
  lines.push("", kneeText(knee));
  return `${lines.join("\n")}\n`;
}

function row(takes: string, saves: string, share: string, change: string): string {
  return `  ${takes.padStart(10)}  ${saves.padStart(10)}  ${share.padStart(5)}  ${change}`.trimEnd();
}

function unmeasuredText(tasks: readonly string[]): string {
  const names = tasks.slice(0, NAMED).map(visibleName).join(", ");
  const more = tasks.length > NAMED ? ` and ${tasks.length - NAMED} more` : "";
  return `Counted as nothing, for they did not run and nobody knows how long they take: ${names}${more}.`;
}

function kneeText({ slots, points }: WhatIf["knee"]): string {
  const most = points.at(-1)?.slots ?? slots;
  const enough = slots === 1 ? "1 slot is enough" : `${slots} slots are enough`;
  const more =
    most > slots ? `: with ${most} it is at most 1 % faster` : "; more are never used at once";
  return `${enough} with everything else as it was${more}.`;
}

/** A change in a line. */
function text(change: Change, { run }: SerializedReport): string {
  const { concurrency, resources = {}, mapConcurrency = {}, faster = {} } = change;
  const parts = [
    ...(concurrency === undefined ? [] : [`${many(concurrency)} slots`]),
    ...Object.entries(resources).map(
      ([name, units]) => `${many(units)} of ${visibleName(name)}${eachText(run, name)}`,
    ),
    ...Object.entries(mapConcurrency).map(
      ([name, limit]) => `${many(limit)} items of ${visibleName(name)} at once`,
    ),
    ...Object.entries(faster).map(
      ([name, factor]) => `${visibleName(name)} ${Number((1 / factor).toFixed(3))} times as fast`,
    ),
    ...(change.longestFirst === true ? ["the longest path first"] : []),
    ...(change.noFailures === true ? ["no failures"] : []),
  ];
  return parts.length > 1 ? `all of it: ${parts.join(", ")}` : (parts[0] ?? "");
}

/** Units of a rate come back. */
function eachText({ config: { rates = {} } }: SerializedReport["run"], name: string): string {
  const perMs = Object.hasOwn(rates, name) ? rates[name]?.perMs : undefined;
  return perMs === undefined || perMs === null ? "" : ` each ${duration(perMs)}`;
}

function many(amount: number): string {
  return Number.isFinite(amount) ? String(amount) : "unlimited";
}
