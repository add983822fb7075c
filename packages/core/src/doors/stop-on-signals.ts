/**
 * SIGINT and SIGTERM as they are expected to work: the run is cancelled and goes to its end, what is buffered is handed
 * on, and the process ends with the code of the signal. Knows runs by what their caller holds; without a process that has
 * signals it changes nothing.
 */
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
 * Rejects as the report does. In a browser, and in a thread, it only waits for the report.
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
  const { process } = globalThis as { readonly process?: Process };
  let came: Signal | undefined;
  let times = 0;
  const listen = (signal: Signal): void => {
    came ??= signal;
    times++;
    if (times === 2) leave();
    run.cancel(new Error(`The process was sent ${signal}`));
  };
  const leave = (): void => {
    for (const signal of Object.keys(CODES)) process?.off?.(signal, listen);
  };
  for (const signal of Object.keys(CODES)) process?.on?.(signal, listen);
  try {
    return await run.report;
  } finally {
    leave();
    if (came !== undefined) {
      endWith(process, CODES[came]);
      await flushObservers();
    }
  }
}

/** A code that says something else than that the run failed stays. */
function endWith(process: Process | undefined, code: number): void {
  process?.once?.("exit", () => {
    const given = Number(process.exitCode ?? 0);
    if (given === 0 || given === 1) process.exitCode = code;
  });
}
