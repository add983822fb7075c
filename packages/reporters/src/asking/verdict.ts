/** What bound a run, and what would loose it, in one sentence. Every figure in it was measured or simulated. */
import type { SerializedReport } from "@astrum/core";
import { count } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { visible } from "../wording/visible.ts";
import type { Advice } from "./advice.ts";
import type { HeldBack } from "./held-back.ts";

/** Below this start-up is most of a run. */
const SHORT_MS = 50;

export interface Bound {
  readonly makespanMs: number;
  readonly held: HeldBack | undefined;
  /** Failed attempts and back-off on the critical path. */
  readonly lostMs: number;
  /** None for a run that ended early, or cannot be simulated: then nothing is said of what would be. */
  readonly advice: Advice | undefined;
}

export function verdictText(report: SerializedReport, bound: Bound): string {
  const { makespanMs, held, lostMs, advice } = bound;
  const { bounds, boundBy } = report.analysis;
  const took = duration(makespanMs);
  if (report.totalAttempts === 0) return "Nothing ran.";
  if (makespanMs < SHORT_MS) return `It took ${took}: too little to say what bound it.`;
  const alone = duration(bounds.dependencyMs);
  switch (boundBy) {
    case "dependencies":
      return `Bound by dependencies: the longest chain alone needs ${alone} of ${took}${slotsText(report, advice)}.`;
    case "slots":
      return heldText(held, took) ?? `Bound by slots${gainText(advice, took)}.`;
    case "retries":
      return `Bound by retries: failed attempts and back-off took ${duration(lostMs)} of ${took}; dependencies alone need ${alone}.`;
    case "scheduler":
      return `Bound by the scheduler: tasks were ready and slots were free, yet ${took} passed where dependencies need ${alone}; look for code that blocks the thread.`;
    default:
      return `Nothing in particular limited the ${took}.`;
  }
}

/** What limited it that is no slot. */
function heldText(held: HeldBack | undefined, took: string): string | undefined {
  if (held === undefined || held.limit === "slots") return undefined;
  const ms = duration(held.ms);
  if (held.limit === "map")
    return `Bound by the limit of map ${visible(held.name)}: for ${ms} of ${took} its items waited for one another.`;
  if (held.limit === "resource")
    return `Bound by the limit of ${visible(held.name)}: for ${ms} of ${took} tasks that were ready waited for it.`;
  if (held.name !== "")
    return `Bound by a rate or by what other runs hold of ${visible(held.name)}: for ${ms} of ${took} tasks that were ready waited for it.`;
  return `Bound by a limit shared with other runs: for ${ms} of ${took} tasks that were ready waited for it.`;
}

/** Of a run that had a limit of slots. */
function slotsText({ run }: SerializedReport, advice: Advice | undefined): string {
  if (advice === undefined || run.config.concurrency === null) return "";
  if (advice.busyCores !== undefined) return `; ${busyText(advice.busyCores)}`;
  const slots = advice.levers.find(({ kind }) => kind === "slots");
  return `; more slots would save ${slots === undefined ? `nothing ${worthText(advice)}` : duration(slots.savedMs)}`;
}

function gainText(advice: Advice | undefined, took: string): string {
  if (advice === undefined) return "";
  if (advice.busyCores !== undefined) return `, and ${busyText(advice.busyCores)}`;
  const slots = advice.levers.find(({ kind }) => kind === "slots");
  if (slots === undefined)
    return `, and by something else nearly as much: more of them alone would save nothing ${worthText(advice)}`;
  return `: with ${count(slots.slots ?? 0)} of them the same work would take ${duration(slots.makespanMs)} instead of ${took}`;
}

/** What would be worth a word, after "nothing" or "anything". */
export function worthText({ errorMs, leastMs }: Advice): string {
  if (errorMs < leastMs) return "to speak of";
  return `beyond the ${duration(errorMs)} that the simulation is off`;
}

const WORDS = [
  "no",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
];

/** `two of two cores were busy`. */
export function busyText(cores: number): string {
  const number = WORDS[cores] ?? String(cores);
  return cores === 1 ? "its one core was busy" : `${number} of ${number} cores were busy`;
}
