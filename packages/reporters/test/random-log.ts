/** Random runs that are written down while they happen: what each says of itself, and the log of it. Judges nothing. */
import {
  DynamicScheduler,
  fromEvents,
  type Observer,
  type Runner,
  type RunOptions,
  Semaphore,
  type SerializedReport,
  type TaskContext,
} from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { endless, RandomGraph, type RandomRun, resourcesOf } from "../../core/test/random-graph.ts";
import { lineObserver } from "../src/writing/event-lines.ts";
import { lineWriter } from "../src/writing/live-log.ts";

export interface LoggedRun {
  /** The report of the run, as it is stored. */
  readonly own: SerializedReport;
  readonly log: string;
}

/** Real clocks have odd fractions of a microsecond. */
class OddClock extends VirtualClock {
  override now(): number {
    return super.now() * 1.000_000_37 + 0.000_123;
  }
}

/** A run of the flow that a specification stands for. `more` is for the run; it may take up an earlier one. */
export async function loggedRun(spec: RandomRun, more: RunOptions = {}): Promise<LoggedRun> {
  const clock = new OddClock();
  const graph = new RandomGraph(clock, spec);
  if (spec.abortedBefore) graph.controller.abort(new Error("before"));
  const timeoutMs = spec.timeoutMs ?? (endless(spec) ? 200 : undefined);
  return written(clock, spec, async (log) => {
    const run = graph.flow.start({
      clock,
      signal: graph.controller.signal,
      resources: resourcesOf(spec),
      failure: spec.failure,
      random: () => 0.5,
      attributes: { tenant: 7 },
      runner: remote(clock),
      concurrency: concurrencyOf(spec),
      timeoutMs,
      graceMs: spec.graceMs,
      keep: spec.keep,
      ...log,
      ...more,
    });
    graph.run = run;
    for (const { at, act, on } of spec.acts) {
      clock.after(at, () => {
        if (act === "abort") graph.controller.abort("by the caller");
        else if (act === "cancel") run.cancel("by the caller");
        else graph.cancelTask(on);
      });
    }
    return run.report;
  });
}

/** The same tasks stage by stage, as far as the documented scheduler has them: maps are tasks there. */
export async function loggedStages(spec: RandomRun): Promise<LoggedRun> {
  const clock = new OddClock();
  const controller = new AbortController();
  const names = spec.tasks.map((_, at) => `t${at}`);
  const read = new Set<string>();
  const orders = spec.tasks.map(({ edges }, at) => {
    const sources = new Set(at === 0 ? [] : edges.map(({ from }) => `t${Math.floor(from * at)}`));
    for (const name of sources) read.add(name);
    return {
      taskName: names[at] as string,
      dependencies: Array.from(sources, (taskName) => ({ taskName })),
    };
  });
  const called = spec.tasks.map(({ calls }, at) => {
    const run = async (_: unknown, context: TaskContext): Promise<string> => {
      const call = calls[Math.min(context.attempt, calls.length) - 1];
      const ms = Math.min(call?.ms ?? 0, 50);
      if (ms > 0) await clock.wait(ms, call?.ears === "deaf" ? undefined : context.signal);
      if (call?.end.startsWith("throw")) throw new Error(call.end);
      return `t${at}!`;
    };
    return [names[at] as string, run] as const;
  });
  const byName = <T>(of: (task: RandomRun["tasks"][number]) => T): Record<string, T> =>
    Object.fromEntries(spec.tasks.map((task, at) => [names[at], of(task)]));
  const [first] = spec.acts;
  if (first !== undefined) clock.after(first.at, () => controller.abort("by the caller"));
  return written(clock, spec, (log) =>
    new DynamicScheduler(called as never, orders, {
      dispatch: "stages",
      clock,
      signal: controller.signal,
      concurrency: concurrencyOf(spec),
      timeoutMs: spec.timeoutMs,
      graceMs: spec.graceMs,
      ignoreTailTasks: names.filter((name, at) => spec.tasks[at]?.tail && !read.has(name)),
      taskRetries: byName(({ retries, backoff }) => ({
        attempts: retries,
        backoff: "fixed",
        baseMs: backoff === "none" ? 0 : 4,
      })),
      taskOptions: byName(({ ignored, timeoutMs, when }) => ({
        onFailure: ignored ? "ignore" : "fail",
        timeoutMs,
        ...(when.says === "no" && { when: () => ({ skip: "not wanted" }) }),
      })),
      ...log,
    }).execute(),
  );
}

/** Runs with a log, and with an observer beside it that goes wrong now and then. */
async function written(
  clock: VirtualClock,
  spec: RandomRun,
  run: (
    log: Pick<RunOptions, "observers" | "journal">,
  ) => Promise<{ toJSON(options: { outputs: boolean }): SerializedReport }>,
): Promise<LoggedRun> {
  const lines: string[] = [];
  const write = lineWriter((line) => lines.push(line), false);
  let entries = 0;
  const report = await clock.run(
    run({
      observers: [faulty(), lineObserver("log", write)],
      journal({ type, at, runId, ...entry }) {
        if (++entries > (spec.journalBreaksAt ?? Number.POSITIVE_INFINITY)) {
          throw new Error("the disk is full");
        }
        write(String(runId), at, { type, ...entry });
      },
    }),
  );
  const own = JSON.parse(JSON.stringify(report.toJSON({ outputs: true }))) as SerializedReport;
  // What tail tasks do after the run comes into the log as well.
  await clock.advance(1000);
  return { own, log: `${lines.join("\n")}\n` };
}

function concurrencyOf({ limit, slots }: RandomRun): RunOptions["concurrency"] {
  if (limit === "none") return undefined;
  return limit === "number" ? slots : new Semaphore(slots);
}

/** Not at the end of the run: observers that are told of it before the faulty one cannot know of that fault. */
function faulty(): Observer {
  return fromEvents("faulty", (event) => {
    if (event.type === "attempt.start" && event.attempt.task.name === "t3") throw new Error("no");
  });
}

/** Says where attempts run, sets attributes, and holds the thread for a while. */
function remote(clock: VirtualClock): Runner {
  return ({ info, run, args, context, setExecutor }) => {
    const { task, number } = info;
    if (task.name === "t1" || number === 2) setExecutor(`worker-${number}`);
    if (task.name === "t2") (context as TaskContext).attributes.set("rows", number);
    if (task.name === "t4") clock.hold(60);
    return run(...args, context);
  };
}
