/**
 * SIGINT and SIGTERM as they are expected to work: the run is cancelled and goes to its end, what is buffered is handed
 * on, and the process ends with the code of the signal. Knows runs by what their caller holds; without a process that has
 * signals it changes nothing.
 */
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import { isPromise } from "../ground/promised.ts";
import { flushObservers } from "./process-observers.ts";

/** By convention a shell tells a process that a signal ended by 128 and the number of that signal. */
const CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof CODES;

/** As much of Node's `process` as is used. */
interface Process {
  exitCode?: number | string | null | undefined;
  on?(event: string, listener: (signal: Signal) => void): unknown;
  once?(event: string, listener: () => void): unknown;
  off?(event: string, listener: (signal: Signal) => void): unknown;
}

/** A run that a signal stops. */
interface Stoppable {
  readonly cancel: (reason?: unknown) => void;
  came: Signal | undefined;
  times: number;
}

/** Those that hear of signals: all of them by one listener, since eleven would have Node print a warning. */
const hearing: Set<Stoppable> = new Set();
/** By the report of a run, what comes of waiting for it: whoever waits twice for one cancels it once a signal. */
const waits: WeakMap<object, Promise<unknown>> = new WeakMap();
/** Whether it is known already with which code the process ends. */
let ends = false;

/** What `flow.start()` and `scheduler.start()` give. */
export interface StoppableRun<out R> {
  readonly report: Promise<R>;
  readonly cancel: (reason?: unknown) => void;
}

/**
 * Lets SIGINT (Ctrl+C) and SIGTERM stop a run, and resolves to its report.
 *
 * The first signal cancels the run: running tasks are asked to stop, cleanups, `finally` tasks and `release` run, and the
 * report says `cancelled`. The second one cancels it again, which stops `finally` tasks too. The third ends the process at
 * once, as if nobody listened. When a signal has come, observers are flushed before this resolves, for five seconds at
 * most, and the process ends with 130 (SIGINT) or 143 (SIGTERM) where it would have ended with 0 or 1; your program goes
 * on with the report, and ends when it has nothing more to do. Once the run has settled, signals are the process's again.
 *
 * Any number of runs may be stopped so at once, and one may be waited for more than once. Rejects as the report does, and
 * with a `DefinitionError` for what is no run under way, such as a flow, or the promise that `run()` gives. In a browser, and in a thread, it only waits for the report.
 *
 * @example
 * ```ts
 * import { flow, stopOnSignals, task } from "@astrum/core";
 *
 * const work = task("work", async () => "done");
 * const report = await stopOnSignals(flow("nightly", { work }).start());
 * if (report.executionState !== "completed") process.exitCode = 1;
 * console.log(report.outputs.work); // done
 * ```
 */
export async function stopOnSignals<R>(run: StoppableRun<R>): Promise<R> {
  const { report, cancel } = (run ?? {}) as Partial<StoppableRun<R>>;
  if (!isPromise(report) || typeof cancel !== "function") {
    const issues = new Issues();
    issues.expected(["run"], "a run under way, as `start()` gives it", run);
    throw new DefinitionError(issues.list);
  }
  const known = waits.get(report) as Promise<R> | undefined;
  const wait =
    known ?? settled(report, { cancel: (reason) => run.cancel(reason), came: undefined, times: 0 });
  waits.set(report, wait);
  return wait;
}

async function settled<R>(report: Promise<R>, run: Stoppable): Promise<R> {
  if (hearing.size === 0) listen("on");
  hearing.add(run);
  try {
    return await report;
  } finally {
    leave(run);
    if (run.came !== undefined) {
      endWith(CODES[run.came]);
      await flushObservers();
    }
  }
}

function hear(signal: Signal): void {
  for (const run of [...hearing]) {
    run.came ??= signal;
    run.times++;
    // Where nobody hears the next one, it ends the process.
    if (run.times === 2) leave(run);
    run.cancel(new Error(`The process was sent ${signal}`));
  }
}

function leave(run: Stoppable): void {
  if (hearing.delete(run) && hearing.size === 0) listen("off");
}

function listen(how: "on" | "off"): void {
  for (const signal of Object.keys(CODES)) ownProcess()?.[how]?.(signal, hear);
}

/** A code that says something else than that the run failed stays. */
function endWith(code: number): void {
  if (ends) return;
  ends = true;
  const process = ownProcess();
  process?.once?.("exit", () => {
    const given = Number(process.exitCode ?? 0);
    if (given === 0 || given === 1) process.exitCode = code;
  });
}

function ownProcess(): Process | undefined {
  return (globalThis as { readonly process?: Process }).process;
}
