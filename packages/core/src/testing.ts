/**
 * For tests of graphs, the users' and our own: a clock that does not wait, tasks that follow a script, and the machine's
 * events as text. An entry of its own, `@astrum/core/testing`; production code never imports it.
 */
import type { Clock } from "./contract/clock.ts";
import type { TaskContext } from "./define/task-context.ts";
import { type Flow, GraphFlow } from "./doors/flow.ts";
import { RECORDER } from "./doors/launch.ts";
import { type Recording, Tape } from "./doors/replay.ts";
import { STUBS } from "./doors/stubs.ts";
import type { Recorder } from "./drive/execution.ts";
import type { RunOptions } from "./drive/options.ts";
import { otherCopy } from "./ground/brand.ts";
import { Issues } from "./ground/check.ts";
import { describe } from "./ground/describe.ts";
import { DefinitionError } from "./ground/errors.ts";
import type { ExecutionReport } from "./report/execution-report.ts";

export { type Recording, replay, trace } from "./doors/replay.ts";

interface Timer {
  readonly at: number;
  readonly serial: number;
  readonly fire: () => void;
}

/** A clock that stands still until it is moved. */
export class VirtualClock implements Clock {
  readonly #origin: number;
  #now = 0;
  #serial = 0;
  readonly #timers: Set<Timer> = new Set();

  /** `epochMs`: the wall clock at its start. Default 2026-01-01T00:00:00Z. */
  constructor(epochMs: number = Date.UTC(2026, 0, 1)) {
    this.#origin = epochMs;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#origin + this.#now;
  }

  after(ms: number, fire: () => void): () => void {
    const timer = { at: this.#now + ms, serial: this.#serial++, fire };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Resolves after `ms` of this clock; rejects with the signal's reason when that is aborted first. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = (): void => {
        off();
        reject(signal?.reason);
      };
      const off = this.after(ms, () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  /** Time passes while the thread is held, as by a loop: no timer fires before it is let go. */
  hold(ms: number): void {
    this.#now += ms;
  }

  /** Moves on by `ms`, firing every timer that falls due on the way, in order, with all that follows from each. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await turn();
    for (let next = this.#next(); next !== undefined && next.at <= until; next = this.#next()) {
      await this.#fire(next);
    }
    this.#now = Math.max(this.#now, until);
    await turn();
  }

  /**
   * Moves on until the promise is settled, and gives what it gives. Throws when nothing is left that could settle it:
   * then something waits for what is not on this clock.
   */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = (): void => {
      settled = true;
    };
    promise.then(done, done);
    for (let idle = 0; ; ) {
      await turn();
      if (settled) return promise;
      const next = this.#next();
      if (next !== undefined) {
        idle = 0;
        await this.#fire(next);
      } else if (++idle > 50) {
        throw new Error(
          "The virtual clock has no timer left, and the promise is not settled: it waits for something that is not on this clock. A run is on it when it is given it, with `run({ clock })`",
        );
      }
    }
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.fire();
    await turn();
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (
        next === undefined ||
        timer.at < next.at ||
        (timer.at === next.at && timer.serial < next.serial)
      ) {
        next = timer;
      }
    }
    return next;
  }
}

/** Resolves when every promise that could settle without a timer has: promises come before the next macrotask. */
function turn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (call: () => void) => unknown };
  if (setImmediate !== undefined) return new Promise((resolve) => void setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    Object.assign(port1, {
      onmessage: () => {
        port1.close();
        resolve();
      },
    });
    port2.postMessage(undefined);
  });
}

/** What one call of a scripted task does. */
export interface Step {
  /** Waits so long on the clock; without it the task is synchronous. */
  readonly ms?: number | undefined;
  /** Then returns this, or throws it: a string becomes the message of an `Error`. */
  readonly return?: unknown;
  readonly throw?: unknown;
  /** Goes on when it is asked to stop. */
  readonly ignoresSignal?: boolean | undefined;
}

const STEP_KEYS = [
  "ms",
  "return",
  "throw",
  "ignoresSignal",
] as const satisfies readonly (keyof Step)[];

/**
 * A function for a task that plays a script: the n-th call of it plays the n-th step, later ones the last. Throws
 * `DefinitionError` for a step that cannot be played.
 */
export function scripted(
  clock: VirtualClock,
  ...steps: readonly Step[]
): (inputs: unknown, context: TaskContext) => never {
  const issues = new Issues();
  steps.forEach((step: unknown, at) => {
    const record = issues.record([`steps[${at}]`], step ?? null, STEP_KEYS);
    issues.amount([`steps[${at}].ms`], record?.ms);
  });
  issues.throwAs(DefinitionError);
  let calls = 0;
  const play = (_: unknown, { signal }: TaskContext): unknown => {
    const step = steps[Math.min(calls++, steps.length - 1)] ?? {};
    const end = (): unknown => {
      if (!("throw" in step)) return step.return;
      throw typeof step.throw === "string" ? new Error(step.throw) : step.throw;
    };
    if (step.ms === undefined) return end();
    return clock.wait(step.ms, step.ignoresSignal ? undefined : signal).then(end);
  };
  return play as (inputs: unknown, context: TaskContext) => never;
}

/** Options that record the run they are given to, and the recording: give the options to one run only. */
export function recorded<O extends RunOptions>(options?: O): { options: O; recording: Recording } {
  const tape = new Tape();
  const recorder: Recorder = tape;
  const withRecorder = { ...options, [RECORDER]: recorder } as unknown as O;
  return { options: withRecorder, recording: tape };
}

export interface TestRunOptions extends RunOptions {
  /**
   * By the name of a task: its output, or a function that is called in the place of its own, with the same inputs and
   * options. With an output nothing of the task is called, and what only it needs does not run.
   */
  readonly stubs?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Runs a flow with stand-ins for some of its tasks. On a `VirtualClock`, given as `clock`, time is moved on until the run
 * has settled. Rejects as `flow.run()` does, and with a `PlanError` that names each stand-in without a task.
 *
 * @example
 * ```ts
 * import { flow, task } from "@astrum/core";
 * import { testRun } from "@astrum/core/testing";
 *
 * const user = task("user", async () => (await fetch("http://localhost:1/user")).json());
 * const card = task("card", { user }, ({ user }) => `card of ${user.name}`);
 * const page = flow("page", { card });
 *
 * const done = await testRun(page, { stubs: { user: { name: "Ada" } } });
 * console.log(done.unwrap().card); // card of Ada
 *
 * const down = () => Promise.reject(new Error("down"));
 * const failed = await testRun(page, { stubs: { user: down } });
 * console.log(failed.errorSummary); // [ 'Task "user" failed: down' ]
 * ```
 */
export async function testRun<O>(
  flow: Flow<O>,
  options: TestRunOptions = {},
): Promise<ExecutionReport<O>> {
  const issues = new Issues();
  if (!(flow instanceof GraphFlow)) {
    // Stand-ins are handed over under a symbol that another copy of the package does not know.
    const got = otherCopy(flow, "flow") ?? describe(flow);
    issues.add("invalid-argument", `testRun() needs a flow, made with flow(), got ${got}`, [
      "flow",
    ]);
  }
  const given = issues.record([], options);
  issues.record(["stubs"], given?.stubs);
  issues.throwAs(DefinitionError);
  const { stubs = {}, ...rest } = options;
  const report = flow.run({ ...rest, [STUBS]: stubs } as RunOptions);
  return options.clock instanceof VirtualClock ? options.clock.run(report) : report;
}
