/**
 * From the command `start` to what a task's function gave: the function or its runner is called, within what observers
 * put around it, and what it returned is waited for. What that means is `end-attempt`'s.
 */
import type { AttemptInfo, RunInfo } from "../contract/observer.ts";
import type { Placement, Runner, RunnerAttempt } from "../contract/runner.ts";
import type { Definition } from "../define/definition.ts";
import type { AsyncContext } from "./async-context.ts";
import type { Cached } from "./cached.ts";
import { type Call, contextOf } from "./call.ts";
import { definitionOf } from "./definition-of.ts";
import type { AttemptEnder } from "./end-attempt.ts";
import { BLOCKED_MS, type HeldThread } from "./held-thread.ts";
import type { Host } from "./host.ts";
import type { Notifier } from "./notify.ts";
import { attemptInfo, taskInfo } from "./task-info.ts";
import type { Values } from "./values.ts";

const nativeThen = Promise.prototype.then;

/** What it needs of the driver. */
export interface StartHost extends Host {
  readonly values: Values;
  readonly notifier: Notifier | undefined;
  readonly runInfo: RunInfo;
  /** There when functions run on this thread, and by its time. */
  readonly held: HeldThread | undefined;
  /** There when the run has a store of results. */
  readonly cache: Cached | undefined;
}

export class AttemptStarter {
  readonly #host: StartHost;
  readonly #ender: AttemptEnder;
  readonly #context: AsyncContext;
  readonly #runner: Runner | undefined;

  constructor(
    host: StartHost,
    ender: AttemptEnder,
    context: AsyncContext,
    runner: Runner | undefined,
  ) {
    this.#host = host;
    this.#ender = ender;
    this.#context = context;
    this.#runner = runner;
  }

  /** Calls the task's function; `at` is the instant of its start. */
  start(call: Call, at: number): void {
    this.#host.notifier?.attemptStarts(call, at);
    this.#host.held?.begins(call);
    let result: unknown;
    let thrown = false;
    try {
      result = this.#context.present
        ? this.#context.run(() => this.#observed(call))
        : this.#observed(call);
    } catch (error) {
      thrown = true;
      result = error;
    }
    const heldMs = this.#host.now() - at;
    if (heldMs > BLOCKED_MS) call.blockedMs = heldMs;
    if (thrown) this.#ender.threw(call, result);
    else this.#follow(call, result);
  }

  /** Calls the function, within what observers put around it. Throws what it throws. */
  #observed(call: Call): unknown {
    const { notifier } = this.#host;
    if (notifier === undefined) return this.#called(call);
    let result: unknown;
    let thrown: { readonly error: unknown } | undefined;
    notifier.around(call, () => {
      try {
        result = this.#called(call);
      } catch (error) {
        thrown = { error };
      }
    });
    // The compiler does not see that the callback was called.
    const failure = thrown as { readonly error: unknown } | undefined;
    if (failure !== undefined) throw failure.error;
    return result;
  }

  #called(call: Call): unknown {
    const { cache } = this.#host;
    return cache === undefined
      ? this.#carriedOut(call)
      : cache.call(call, () => this.#carriedOut(call));
  }

  #carriedOut(call: Call): unknown {
    const definition = definitionOf(this.#host.machine, call.task);
    return subscribed(
      this.#runner === undefined
        ? this.#host.values.call(definition, call.task, contextOf(call))
        : this.#runner(this.#runnerAttempt(call, definition)),
    );
  }

  /** What whoever carries out the attempt can know and tell of it. */
  placement(call: Call): Placement {
    const { task } = call;
    const place = (facts: { executor?: string; deliveries?: number }): void => {
      if (!call.over) this.#host.send({ type: "placed", task, at: this.#host.now(), ...facts });
    };
    return {
      logged: (lines, leftOut) => call.logged(lines, leftOut),
      carrier: () => this.#host.notifier?.carrier(call) ?? {},
      setExecutor: (executor) => place({ executor: String(executor) }),
      setDeliveries: (deliveries) => {
        if (Number.isSafeInteger(deliveries) && deliveries > 1) place({ deliveries });
      },
    };
  }

  #runnerAttempt(call: Call, definition: Definition): RunnerAttempt {
    const { notifier, values } = this.#host;
    return {
      ...this.placement(call),
      info: notifier?.info(call) ?? this.#info(call),
      run: definition.run as (...args: unknown[]) => unknown,
      args: values.argumentsOf(definition, call.task),
      context: contextOf(call),
      signal: call.signal,
      progress: (fraction, message) => call.progress(fraction, message),
    };
  }

  #info({ task, attempt }: Call): AttemptInfo {
    const { machine, runInfo } = this.#host;
    return attemptInfo(taskInfo(machine.plan, machine.ledger, runInfo, task), attempt);
  }

  /** Waits for what the call gave. */
  #follow(call: Call, result: unknown): void {
    if (!(result instanceof Promise)) {
      this.#ender.returned(call, result);
      return;
    }
    const { held } = this.#host;
    held?.waits();
    try {
      nativeThen.call(
        result,
        (value) => {
          held?.ends(call);
          this.#ender.returned(call, value);
        },
        (error: unknown) => {
          held?.ends(call);
          this.#ender.threw(call, error);
        },
      );
    } catch (error) {
      this.#ender.threw(call, error); // It only looks like a promise.
    }
  }
}

/**
 * The value, or the promise of it. A thenable is asked here, within the call, because it may do its work only then: the
 * queries of most database libraries do, and what they do belongs to the task. A promise may have a `then` of its own,
 * too. Throws what a hostile one throws when it is looked at.
 */
function subscribed(result: unknown): unknown {
  if ((typeof result !== "object" || result === null) && typeof result !== "function") {
    return result;
  }
  const then: unknown = (result as { then?: unknown }).then;
  if (typeof then !== "function" || (then === nativeThen && result instanceof Promise)) {
    return result;
  }
  return new Promise((resolve, reject) => then.call(result, resolve, reject));
}
