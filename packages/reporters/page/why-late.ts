/**
 * Why a task started so late, walked back to the beginning of the run: what it needed had ended, or what it waited for was
 * given back by another, and so on. One sentence, of what the report recorded; nothing is guessed.
 */
import { NONE } from "../src/html/page-data.ts";
import { duration } from "../src/wording/duration.ts";
import type { Run } from "./run.ts";

/** An attempt, when it started, and the one whose end let it. */
interface Step {
  readonly attempt: number;
  readonly because: "held" | "needed" | "inside" | "retry" | "limit" | "nothing";
  /** What it waited for, where it was held. */
  readonly limit: string;
}

/** So many steps are told; of more, those in the middle are counted. */
const TOLD = 4;

/** Texts, and tasks by their places; nothing for a task that never started. */
export function whyLate(run: Run, task: number): (string | number)[] | undefined {
  const [first] = run.attemptsOf(task);
  if (first === undefined) return undefined;
  const steps = stepsTo(run, first);
  const parts: (string | number)[] = [];
  steps.forEach((step, at) => {
    const more = steps.length - TOLD;
    if (more > 0 && at >= TOLD - 1 && at < steps.length - 1) {
      if (at === TOLD - 1)
        parts.push(`; ${more} more such ${more === 1 ? "step" : "steps"} before`);
      return;
    }
    const { attempts } = run.data;
    const when = duration((attempts.startUs[step.attempt] ?? 0) / 1000);
    const owner = attempts.task[step.attempt] ?? NONE;
    const skipped = more > 0 && at === steps.length - 1;
    if (at === 0) parts.push(`It started at ${when}`);
    else if (skipped) parts.push("; at the beginning ", owner, ` at ${when}`);
    else parts.push(`; that started at ${when}`);
    const next = steps[at + 1];
    const before = next === undefined ? NONE : (attempts.task[next.attempt] ?? NONE);
    if (step.because === "needed") parts.push(", when ", before, " had ended");
    else if (step.because === "inside")
      parts.push(", when ", before, " had said what is inside of it");
    else if (step.because === "held") parts.push(", when ", before, ` gave back ${step.limit}`);
    else if (step.because === "retry") parts.push(", after its attempt before had failed");
    else if (step.because === "limit") {
      parts.push(`, when ${step.limit} was free`);
      if (before !== NONE) parts.push(", after ", before, " had ended");
    } else parts.push(", with nothing to wait for");
  });
  return [...parts, "."];
}

/** The last one waited for nothing that is known. */
function stepsTo(run: Run, last: number): Step[] {
  const steps: Step[] = [];
  const seen = new Set<number>();
  let attempt: number | undefined = last;
  while (attempt !== undefined) {
    seen.add(attempt);
    const { because, before } = causeOf(run, attempt);
    const known = before !== undefined && !seen.has(before);
    const limit = limitText(run.text(run.data.attempts.limitedBy[attempt]));
    steps.push({ attempt, because: known || because === "limit" ? because : "nothing", limit });
    attempt = known ? before : undefined;
  }
  return steps;
}

interface Cause {
  readonly because: Step["because"];
  readonly before: number | undefined;
}

function causeOf(run: Run, attempt: number): Cause {
  const { attempts } = run.data;
  const task = attempts.task[attempt] ?? NONE;
  const queued = (attempts.queuedUs[attempt] ?? 0) > 0;
  const freedBy = queued ? (attempts.slotFreedBy[attempt] ?? NONE) : NONE;
  const holder = begunBefore(run, freedBy, attempt);
  if (holder !== undefined) return { because: "held", before: holder };
  const own = run.attemptsOf(task);
  const place = own.indexOf(attempt);
  if (place > 0) return { because: "retry", before: own[place - 1] };
  const cause = releasedBy(run, task, attempt);
  // Who gave back what it waited for is not known.
  const limited = queued && (attempts.limitedBy[attempt] ?? NONE) !== NONE;
  return limited ? { because: "limit", before: cause.before } : cause;
}

/** Of what came up inside of a task, that one: it had said what is inside of it. */
function releasedBy(run: Run, task: number, attempt: number): Cause {
  for (const one of [task, ...run.around(task)]) {
    const said = one === task ? undefined : begunBefore(run, one, attempt);
    if (said !== undefined) return { because: "inside", before: said };
    const needed = run.data.tasks.releasedBy[one] ?? NONE;
    const before = begunBefore(run, needed, attempt) ?? lastInside(run, needed, attempt);
    if (before !== undefined)
      return { because: run.around(task).includes(needed) ? "inside" : "needed", before };
  }
  return { because: "nothing", before: undefined };
}

/** Its last attempt that began no later. That it had ended the report says: instants are rounded, and bars have a width. */
function begunBefore(run: Run, task: number, attempt: number): number | undefined {
  const { startUs } = run.data.attempts;
  const by = startUs[attempt] ?? 0;
  return run.attemptsOf(task).findLast((one) => one !== attempt && (startUs[one] ?? 0) <= by);
}

/** Of a map or a flow the one inside that ended last. */
function lastInside(run: Run, task: number, attempt: number): number | undefined {
  const inside = task === NONE ? undefined : run.lastAttempt(task);
  const { startUs } = run.data.attempts;
  const earlier = inside !== undefined && (startUs[inside] ?? 0) <= (startUs[attempt] ?? 0);
  return earlier && inside !== attempt ? inside : undefined;
}

function limitText(limit: string): string {
  if (limit === "concurrency" || limit === "semaphore") return "a slot";
  if (limit === "map") return "a place in its map";
  return limit.replace(/^resource:/, "");
}
