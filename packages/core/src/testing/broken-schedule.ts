/** What `explore()` throws: a schedule that breaks a check, as a person reads it and as it can be run again. */
import type { Plan } from "../define/plan.ts";
import { type Recording, trace } from "../doors/replay.ts";
import { frameless } from "../ground/errors.ts";
import { summarizeError } from "../ground/summarize-error.ts";

/** So many lines of a trace are in the message; all of them are in `trace`. */
const SHOWN = 60;

/**
 * A check of `explore()` did not hold. `cause` is what it threw; `schedule` goes into `explore(flow, { schedule, … })`, to run
 * exactly this again; `recording` goes into `replay(plan, recording)`, which gives the report without calling a function.
 */
export class BrokenSchedule extends Error {
  override readonly name: string = "BrokenSchedule";
  readonly code = "ASTRUM_BROKEN_SCHEDULE";
  /** The shortest that was found: what was decided otherwise than it would have happened by itself. */
  readonly schedule: string;
  readonly plan: Plan;
  readonly recording: Recording;
  /** What happened, an event a line. */
  readonly trace: readonly string[];
  /** How many runs it took to find the first that broke, from 1. */
  readonly foundInRun: number;

  constructor(
    cause: unknown,
    found: Pick<BrokenSchedule, "schedule" | "plan" | "recording" | "foundInRun"> & {
      readonly seed: number;
    },
  ) {
    const lines = trace(found.plan, found.recording);
    const shown = lines.slice(0, SHOWN).map((line) => `  ${line}`);
    const more = lines.length > SHOWN ? [`  … and ${lines.length - SHOWN} more events`] : [];
    super(
      [
        `${summarizeError(cause)}`,
        `Run ${found.foundInRun} of seed ${found.seed} broke the check; the shortest schedule that does:`,
        ...shown,
        ...more,
        `Again: explore(flow, { schedule: ${JSON.stringify(found.schedule)}, … })`,
      ].join("\n"),
      { cause },
    );
    this.schedule = found.schedule;
    this.plan = found.plan;
    this.recording = found.recording;
    this.trace = lines;
    this.foundInRun = found.foundInRun;
    frameless(this);
  }
}
