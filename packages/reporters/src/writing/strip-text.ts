/** Many runs as text: a line a task, a character a run. Takes the columns there are; the latest runs go last, and first. */
import stringWidth from "string-width";
import type { Cell, ManyRuns, Strip } from "../asking/many-runs.ts";
import { heatOf, longestStrips, spanText, stripTitle } from "../layout/heat.ts";
import { fitLine } from "../wording/fit.ts";
import { lineText } from "../wording/styled.ts";
import { visible, visibleName } from "../wording/visible.ts";

const HEAT = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
const SIGN: Readonly<Record<Exclude<Cell["is"], "completed">, string>> = {
  retried: "~",
  restored: "↻",
  failed: "✗",
  stopped: "⊘",
  skipped: "↷",
  absent: "·",
};

const TASKS = 40;
const NAME = 40;
const RUNS = 60;

/** `columns`: how wide a line may be; none where nobody minds. */
export function renderStripText(many: ManyRuns, columns: number | undefined): string {
  const { runs, makespan, flaky, failing } = many;
  const longest = longestStrips(many, TASKS);
  const strips = [makespan, ...flaky.slice(0, TASKS), ...failing.slice(0, TASKS), ...longest];
  const room = columns ?? Number.POSITIVE_INFINITY;
  const most = Math.min(NAME, Math.max(6, Math.floor(room / 3)));
  const width = Math.max(...strips.map(({ task }) => stringWidth(cutTo(most, visibleName(task)))));
  const shown = Math.min(runs.length, Math.max(1, Math.min(RUNS, room - width - 4)));
  const lines = [visible(stripTitle(many)), ...rangeLines(many, shown)];
  const add = (title: string, list: readonly Strip[], note: (strip: Strip) => string): void => {
    if (list.length === 0) return;
    lines.push("", title);
    for (const strip of list.slice(0, TASKS)) {
      const heat = strip.cells.slice(-shown).map((cell) => signOf(cell, strip));
      const name = fitted(visibleName(strip.task), width);
      const line = `  ${name}  ${heat.join("")}`;
      const told = `${line}  ${visible(note(strip))}`.trimEnd();
      lines.push(columns === undefined || cutTo(columns, told) === told ? told : line);
    }
    if (list.length > TASKS) lines.push(`  … and ${list.length - TASKS} more`);
  };
  add("How long it took:", [makespan], spanText);
  add("Flaky:", flaky, (strip) => strip.flaky);
  add("Failing:", failing, (strip) => strip.failing);
  add("Tasks:", longest, spanText);
  const left = many.tasks.length - longest.length;
  if (left > 0) lines.push(`  … and ${left} that took less`);
  lines.push("", ...legend(room));
  return `${lines.join("\n")}\n`;
}

/** In so many columns, whatever the width of its characters. */
function fitted(name: string, columns: number): string {
  const shown = cutTo(columns, name);
  return shown + " ".repeat(columns - stringWidth(shown));
}

/** Looks no further into a text than is shown of it: names are as long as somebody likes. */
function cutTo(columns: number, text: string): string {
  return lineText(fitLine([text], columns));
}

function signOf(cell: Cell, strip: Strip): string {
  if (cell.is !== "completed") return SIGN[cell.is];
  return HEAT[heatOf(cell, strip) ?? 0] as string;
}

function rangeLines({ runs }: ManyRuns, shown: number): string[] {
  const told = (at: number): string => {
    const run = runs.at(at)?.run;
    return run === undefined ? "" : `${visible(run.id)} of ${visible(run.startedAt)}`;
  };
  const left = runs.length - shown;
  const range = runs.length === 1 ? told(-1) : `From ${told(-shown)} to ${told(-1)}`;
  return left > 0 ? [range, `${left} earlier runs are not shown`] : [range];
}

function legend(room: number): string[] {
  const parts = [
    `${HEAT[0]} to ${HEAT[7]} up to the longest that it took`,
    `${SIGN.retried} completed after failed attempts`,
    `${SIGN.failed} failed`,
    `${SIGN.stopped} stopped`,
    `${SIGN.skipped} skipped`,
    `${SIGN.restored} restored`,
    `${SIGN.absent} not in that run`,
  ];
  return room < parts.join(", ").length ? parts : [parts.join(", ")];
}
