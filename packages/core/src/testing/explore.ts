/**
 * Runs a flow in many of the orders in which it may run, and looks for one that breaks a check: `explore()`. Orders are drawn
 * from a seed; what breaks is made as short as it can be. It judges nothing, the check does.
 */
import type { Runner, RunnerAttempt } from "../contract/runner.ts";
import { type Definition, lives, maxRetriesOf } from "../define/definition.ts";
import type { GraphPlan } from "../define/plan.ts";
import { type Flow, GraphFlow } from "../doors/flow.ts";
import { RECORDER } from "../doors/launch.ts";
import { type Recording, Tape } from "../doors/replay.ts";
import { STUBS, stubbing } from "../doors/stubs.ts";
import { checkRunOptions, type RunOptions } from "../drive/options.ts";
import { otherCopy } from "../ground/brand.ts";
import { Issues } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import { DefinitionError } from "../ground/errors.ts";
import type { ExecutionReport } from "../report/execution-report.ts";
import { BrokenSchedule } from "./broken-schedule.ts";
import { chance, Decisions, drawn, given, scheduleOf, scheduleText } from "./decisions.ts";
import { ExploringClock } from "./exploring-clock.ts";
import { type Step, scripted } from "./scripted.ts";
import { shrunk } from "./shrink.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface ExploreOptions<O = unknown> {
  /** Asked after each run. What it throws, or rejects with, breaks the schedule. */
  readonly check: (report: ExecutionReport<O>) => unknown;
  /** How many orders are tried, the natural one first. Default 1,000. */
  readonly runs?: number | undefined;
  /** An integer from 0 up; the same seed tries the same orders. Default 1. */
  readonly seed?: number | undefined;
  /** By task: a step, or a step for each call, in the place of its function. */
  readonly scripted?: Readonly<Record<string, Step | readonly Step[]>> | undefined;
  /**
   * Whether attempts that the task would retry fail now and then, before their function is called or after it has returned.
   * Tasks with `retryIf` are left out. Default `true`.
   */
  readonly retries?: boolean | undefined;
  /** Whether runs are aborted now and then, at any point. Default `false`: the check must expect it. */
  readonly cancels?: boolean | undefined;
  /** What the flow is run with. The clock, the chance and the runner are those of the exploration. */
  readonly run?: Omit<RunOptions, "clock" | "random" | "runner" | "signal"> | undefined;
  /** Only this schedule, as the error of an earlier call has it. */
  readonly schedule?: string | undefined;
}

const KEYS = [
  "check",
  "runs",
  "seed",
  "scripted",
  "retries",
  "cancels",
  "run",
  "schedule",
] as const satisfies readonly (keyof ExploreOptions)[];

/** Nothing broke. */
export interface Explored {
  /** How many runs there were, and how many of them differed from each other in what happened when. */
  readonly runs: number;
  readonly schedules: number;
}

type Explorable<O> = Flow<O> | ((clock: VirtualClock) => Flow<O> | PromiseLike<Flow<O>>);

/** How likely a step is another than the natural one, and how likely an attempt fails, or a run is aborted at a step. */
const OFTEN = 0.5;
const SELDOM = 0.1;
const RARELY = 0.02;

/**
 * Runs a flow many times, each time in another order in which it may run, and asks a check after each: which attempt is called
 * first, which ends first, which is retried, when the run is aborted. It finds races in what tasks share. Orders are drawn
 * from a seed, on a clock that does not wait; a wait on that clock may take any time, and a function ends when it will. The
 * first order that breaks the check is shrunk, and thrown as a `BrokenSchedule` whose message is its trace.
 *
 * Give a function that makes the flow, so that what its tasks share is made anew for each run; it is handed the clock.
 * Between two waits on the clock a function is not interrupted, as JavaScript never is between two awaits.
 *
 * Rejects with `DefinitionError` for options that are not what they may be, and with what the flow's `run()` rejects with.
 *
 * @example
 * ```ts
 * import { flow, task } from "@astrum/core";
 * import { explore } from "@astrum/core/testing";
 *
 * const explored = await explore(
 *   (clock) => {
 *     let stock = 2;
 *     const buy = (name: string) => task(name, async () => {
 *       const seen = stock;
 *       await clock.wait(10); // another one reads meanwhile
 *       stock = seen - 1;
 *       return stock;
 *     });
 *     return flow("shop", { first: buy("first"), second: buy("second") });
 *   },
 *   {
 *     check: (report) => {
 *       const { first, second } = report.unwrap();
 *       if (Math.min(first, second) !== 0) throw new Error("one was sold twice");
 *     },
 *   },
 * ).catch((error) => error);
 * console.log(explored.message.split("\n")[0]); // one was sold twice
 * ```
 */
export function explore<O>(flow: Explorable<O>, options: ExploreOptions<O>): Promise<Explored> {
  return explored(flow, options);
}

async function explored<O>(flow: Explorable<O>, options: ExploreOptions<O>): Promise<Explored> {
  const only = checkedSchedule(flow, options);
  const { runs = 1000, seed = 1 } = options;
  const once = (decisions: Decisions): Promise<Outcome> => played(flow, options, decisions, seed);
  const seen = new Set<string>();
  const random = chance(seed);
  const most = only === undefined ? runs : 1;
  for (let run = 1; run <= most; run++) {
    const decisions = only === undefined ? strategy(run, random) : given(only);
    const outcome = await once(decisions);
    seen.add(scheduleText(decisions.made));
    if (outcome.broken === undefined) continue;
    const shortest = only ?? (await shortestOf(decisions.made, once));
    const last = await once(given(shortest));
    if (last.broken === undefined) throw unsteady(outcome.broken.cause);
    const { plan, recording, broken } = last;
    const schedule = scheduleText(shortest);
    throw new BrokenSchedule(broken.cause, { schedule, plan, recording, foundInRun: run, seed });
  }
  return { runs: most, schedules: seen.size };
}

/** The natural order first; then orders in which everything may come next, by turns with those that keep closer to it. */
function strategy(run: number, random: () => number): Decisions {
  if (run === 1) return given([]);
  if (run % 2 === 0) return drawn(random);
  return new Decisions((_, choices) => (random() < OFTEN ? 0 : Math.floor(random() * choices)));
}

async function shortestOf(
  made: readonly number[],
  once: (decisions: Decisions) => Promise<Outcome>,
): Promise<readonly number[]> {
  return shrunk(made, async (candidate) => {
    const decisions = given(candidate);
    const { broken } = await once(decisions);
    return broken === undefined ? undefined : decisions.made;
  });
}

function unsteady(cause: unknown): Error {
  const message =
    "explore(): a schedule broke the check, and did not when it was run again: something outside of the flow differs from run to run. Give explore() a function that makes the flow, and all that its tasks share, anew";
  return new Error(message, { cause });
}

// ---- one run ---------------------------------------------------------------------------------------------------------

interface Outcome {
  readonly plan: GraphPlan;
  readonly recording: Recording;
  /** What the check threw. */
  readonly broken: { readonly cause: unknown } | undefined;
}

async function played<O>(
  from: Explorable<O>,
  options: ExploreOptions<O>,
  decisions: Decisions,
  seed: number,
): Promise<Outcome> {
  const controller = new AbortController();
  const clock = new ExploringClock(decisions, () => {
    if (options.cancels !== true || controller.signal.aborted) return;
    // Of fifty choices one aborts: what is not chosen is nothing.
    if (decisions.choose(1 / RARELY) === 1)
      controller.abort(new Error("explore() cancelled the run"));
  });
  const made =
    from instanceof GraphFlow ? from : await (from as (clock: VirtualClock) => unknown)(clock);
  if (!(made instanceof GraphFlow)) throw noFlow(made);
  const flow = made as unknown as Flow<O>;
  const plan = made.plan(options.run?.targets && { targets: options.run.targets }) as GraphPlan;
  const tape = new Tape();
  const stubs = Object.entries(options.scripted ?? {}).map(([name, steps]) => [
    name,
    scripted(clock, ...(Array.isArray(steps) ? (steps as readonly Step[]) : [steps as Step])),
  ]);
  const report = await clock.run(
    flow.run({
      ...options.run,
      clock,
      random: chance(seed),
      runner: gated(clock, decisions, plan, options.retries !== false),
      ...(options.cancels === true ? { signal: controller.signal } : {}),
      [RECORDER]: tape,
      [STUBS]: stubbing(Object.fromEntries(stubs)),
    } as RunOptions),
  );
  try {
    await options.check(report);
    return { plan, recording: tape, broken: undefined };
  } catch (cause) {
    return { plan, recording: tape, broken: { cause } };
  }
}

/** Each attempt waits for its turn before it is called, and again before it is known how it ended. */
function gated(
  clock: VirtualClock,
  decisions: Decisions,
  { graph }: GraphPlan,
  retries: boolean,
): Runner {
  return async ({ info, run, args, context, signal }: RunnerAttempt) => {
    const definition = graph.definitions[graph.index.get(info.task.name) ?? -1];
    const mayFail = retries && definition !== undefined && failsFreely(definition, info.number);
    // Of ten choices two are failures: before the function is called, or after it has returned.
    const fault = mayFail ? decisions.choose(1 / SELDOM) : 0;
    await clock.wait(0, signal);
    if (fault === 1) throw new Error("explore() let this attempt fail before it was called");
    try {
      const value = await run(...args, context);
      // What lives would be lost with its attempt, which no attempt may do.
      if (fault !== 2 || lives(definition as Definition)) return value;
    } finally {
      // It has ended, whatever it is asked now; only when that is known is open.
      await clock.wait(0);
    }
    throw new Error("explore() let this attempt fail after its function returned");
  };
}

/** Whether another attempt follows, whatever the error is. */
function failsFreely(definition: Definition, attempt: number): boolean {
  const { retry } = definition.options ?? {};
  const asks = typeof retry === "object" && retry.retryIf !== undefined;
  return !asks && attempt <= maxRetriesOf(definition);
}

// ---- what it is given ------------------------------------------------------------------------------------------------

/** The decisions of the schedule, when there is one. */
function checkedSchedule(flow: unknown, options: unknown): readonly number[] | undefined {
  const issues = new Issues();
  if (typeof flow !== "function" && !(flow instanceof GraphFlow)) issues.list.push(flowIssue(flow));
  const known = issues.record([], options ?? null, KEYS);
  if (known !== undefined && typeof known.check !== "function") {
    issues.expected(["check"], "a function", known.check);
  }
  issues.integer(["runs"], known?.runs, 1);
  issues.integer(["seed"], known?.seed, 0);
  for (const key of ["retries", "cancels"] as const) {
    const value = known?.[key];
    if (value !== undefined && typeof value !== "boolean") {
      issues.expected([key], "true or false", value);
    }
  }
  issues.record(["scripted"], known?.scripted);
  const run = issues.record(["run"], known?.run);
  for (const key of ["clock", "random", "runner", "signal"]) {
    if (run?.[key] === undefined) continue;
    issues.add("invalid-option", `\`run.${key}\` is what explore() decides: leave it out`, [
      "run",
      key,
    ]);
  }
  checkRunOptions(issues, run);
  const { schedule } = known ?? {};
  const decisions = typeof schedule === "string" ? scheduleOf(schedule) : undefined;
  if (schedule !== undefined && decisions === undefined) {
    issues.expected(["schedule"], "the `schedule` of a BrokenSchedule", schedule);
  }
  issues.throwAs(DefinitionError);
  return decisions;
}

function noFlow(made: unknown): DefinitionError {
  return new DefinitionError([flowIssue(made)]);
}

function flowIssue(made: unknown): DefinitionError["issues"][number] {
  const got = otherCopy(made, "flow") ?? describe(made);
  const message = `explore() needs a flow, made with flow(), or a function that makes one, got ${got}`;
  return { code: "invalid-argument", message, path: ["flow"] };
}
