/** What the panel says of an answer: sentences, each of which is true of it. Knows no DOM. */
import type { Change } from "@astrum/core/whatif";
import type { StudyFacts } from "../src/html/study-facts.ts";
import { count, plural } from "../src/wording/counts.ts";
import { duration } from "../src/wording/duration.ts";
import type { Answer } from "./answering.ts";
import type { Lever } from "./levers.ts";

/** Less than this share of the run is no gain. */
const NOTHING = 0.01;

export interface Told {
  readonly takes: string;
  /** `± 30 ms`: how far the same simulation is from what was measured. */
  readonly error: string;
  readonly gain: string;
  readonly better: "yes" | "no" | "same";
  readonly bound: string;
  readonly notes: readonly string[];
  /** What to write so that it is so. */
  readonly paste?: string | undefined;
}

/** `more`: something is asked for that lets more run at once. */
export function told(answer: Answer, change: Change, study: StudyFacts, more: boolean): Told {
  const unchanged = Object.keys(change).length === 0;
  const { makespanUs, errorUs, unmeasured, boundBy } = answer;
  const open = unmeasured > 0 && !unchanged;
  const notes: string[] = [];
  if (open)
    notes.push(
      `${plural(unmeasured, "task")} would have run that did not: nobody knows how long ${unmeasured === 1 ? "it takes, so it counts" : "they take, so they count"} as nothing.`,
    );
  if (more && study.busy !== undefined)
    notes.push(`More at once would not be as fast as this says: ${study.busy}.`);
  return {
    takes: `${open ? "at least " : ""}${ms(makespanUs)}`,
    error: errorUs < 1 ? "" : `± ${ms(errorUs)}`,
    ...gainOf(answer, unchanged, open),
    bound: BOUND[boundBy],
    notes,
    paste: pasteOf(change),
  };
}

function gainOf(
  { savedUs, asRunUs, errorUs }: Answer,
  unchanged: boolean,
  open: boolean,
): Pick<Told, "gain" | "better"> {
  if (unchanged) {
    const how = errorUs < 1 ? "which is exact" : `which is ${ms(errorUs)} off`;
    return { gain: `the run simulated unchanged, ${how}`, better: "same" };
  }
  if (open) return { gain: "what it saves is not known", better: "same" };
  const least = Math.max(1, errorUs, asRunUs * NOTHING);
  const share = `${Math.round((100 * Math.abs(savedUs)) / Math.max(1, asRunUs))} %`;
  if (savedUs >= least) return { gain: `saves ${ms(savedUs)}, ${share}`, better: "yes" };
  if (-savedUs >= least) return { gain: `takes ${ms(-savedUs)} longer, ${share}`, better: "no" };
  return { gain: "nothing gained", better: "same" };
}

const BOUND: Readonly<Record<Answer["boundBy"], string>> = {
  dependencies: "Bound by dependencies: its longest chain is the largest part of it.",
  slots:
    "Bound by capacity: waiting for a slot, a resource or the limit of a map is the largest part of it.",
  retries: "Bound by retries: failed attempts and back-off are the largest part of it.",
  scheduler:
    "Bound by the scheduler: planning, and gaps in which nothing was lacking, are the largest part of it.",
  none: "Nothing in particular binds it.",
};

function pasteOf({ concurrency, longestFirst }: Change): string | undefined {
  const options = [
    concurrency !== undefined && Number.isFinite(concurrency) && `concurrency: ${concurrency}`,
    longestFirst === true && "estimates: estimatesFrom(report)",
  ].filter((option) => option !== false);
  return options.length === 0 ? undefined : `run({ ${options.join(", ")} })`;
}

/** For a screen reader, in one go. */
export function spoken({ takes, error, gain, bound, notes }: Told): string {
  const sure = error === "" ? "" : `, plus or minus ${error.slice(2)}`;
  return [`It takes ${takes}${sure}: ${gain}.`, bound, ...notes].join(" ");
}

/** What a lever is set to. */
export function valueText({ kind, values, perMs }: Lever, place: number): string {
  const value = values[place] ?? Number.POSITIVE_INFINITY;
  if (value === Number.POSITIVE_INFINITY) return "no limit";
  if (perMs !== undefined) return `${count3(value)} each ${duration(perMs)}`;
  return kind === "slots" ? plural(value, "slot") : count(value);
}

function count3(value: number): string {
  return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(3)));
}

function ms(us: number): string {
  return duration(us / 1000);
}
