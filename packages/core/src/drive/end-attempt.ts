/**
 * From what a task's function gave to the event that ends its attempt: the output is checked, cleanups run, the retry
 * policy is asked. Decides nothing about the run; the machine is told the facts.
 */

import { FlowHandle } from "../define/flow-handle.ts";
import { retryAfterOf, unheardDelay } from "../define/retry.ts";
import { asError, frameless, LostError, type TimeoutError } from "../ground/errors.ts";
import { summarizeError } from "../ground/summarize-error.ts";
import type { EndFacts } from "../machine/event.ts";
import { withCause } from "../report/timeouts.ts";
import { askRetry } from "./ask-retry.ts";
import type { Call } from "./call.ts";
import type { Calls } from "./calls.ts";
import { definitionOf } from "./definition-of.ts";
import type { Host } from "./host.ts";
import { validate } from "./inputs.ts";
import { newController } from "./surroundings.ts";
import type { Things } from "./things.ts";

/** What it needs of the driver. */
export interface EndHost extends Host {
  readonly random: () => number;
  readonly things: Things;
  nameOf(task: number): string;
  /** Nobody is given anything of a shared resource for so long; whether the task waits for that, too. */
  pause(task: number, resource: string, ms: number): boolean;
}

export class AttemptEnder {
  readonly #host: EndHost;
  readonly #calls: Calls;

  constructor(host: EndHost, calls: Calls) {
    this.#host = host;
    this.#calls = calls;
  }

  /** The function gave a value. */
  returned(call: Call, value: unknown): void {
    if (this.#host.things.live(call.task) && !(value instanceof FlowHandle)) {
      call.gave = { value };
      // What is asked of the user after that may never answer.
      call.givenUp = () => this.#givenUp(call);
    }
    this.#ended(call, value);
  }

  /** It has a value, or was skipped. What a flow gives is checked when it has ended. */
  #ended(call: Call, value: unknown): void {
    const { options } = definitionOf(this.#host.machine, call.task);
    const schema = value instanceof FlowHandle ? undefined : options?.output;
    call.returned = true;
    if (call.cleanups === undefined && schema === undefined) {
      this.#completed(call, value);
      return;
    }
    this.#calls.expireIfLate(call, this.#host.now());
    if (call.cleanups !== undefined || !call.asked) void this.#finishWork(call, value);
    else this.#completed(call, value);
  }

  /** The function threw, or its promise was rejected. */
  threw(call: Call, error: unknown): void {
    if (call.isSkippedWith(error)) {
      this.#ended(call, undefined);
      return;
    }
    call.returned = true;
    this.#calls.expireIfLate(call, this.#host.now());
    if (call.cleanups !== undefined) void this.#finishWork(call, undefined, { error });
    else this.#failed(call, error);
  }

  /** Checks the output, then cleans up; errors of either fail a completed attempt, or join those of a failed one. */
  async #finishWork(call: Call, value: unknown, thrown?: { error: unknown }): Promise<void> {
    const errors: unknown[] = thrown === undefined ? [] : [thrown.error];
    let output = value;
    const definition = definitionOf(this.#host.machine, call.task);
    const schema = value instanceof FlowHandle ? undefined : definition.options?.output;
    const checked = thrown === undefined && call.skipped === undefined && !call.asked;
    if (checked && schema !== undefined) {
      try {
        output = await validate(schema, value, this.#host.nameOf(call.task), "output");
      } catch (error) {
        errors.push(error);
      }
    }
    const { signal } = newController();
    // A cleanup may defer another one, which is then the last in.
    for (let cleanup = call.cleanups?.pop(); cleanup; cleanup = call.cleanups?.pop()) {
      try {
        await cleanup(signal);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 0) this.#completed(call, output);
    else if (errors.length === 1) this.#failed(call, errors[0]);
    else {
      const all = new AggregateError(errors, summarizeError(errors[0]));
      this.#failed(call, frameless(all), errors[0]);
    }
  }

  #completed(call: Call, value: unknown): void {
    if (call.over) {
      this.#givenUp(call);
      return;
    }
    const at = this.#host.now();
    this.#calls.expireIfLate(call, at);
    if (call.asked) {
      this.#endAsked(call, at, undefined, true);
      return;
    }
    const { task, skipped } = call;
    const facts = call.facts();
    this.#calls.close(call);
    if (skipped !== undefined) {
      // No attempt follows that could find anything of what it gave all the same.
      this.#givenUp(call);
      this.#host.send({ type: "skipped", task, at, reason: skipped.reason, facts });
      return;
    }
    // Whether it counts is known when the event has its turn: the function itself may have called the task off.
    this.#host.send({ type: "returned", task, at, value, facts });
  }

  /** `own` is the error of the function, when those of its cleanups have joined it: it decides what follows. */
  #failed(call: Call, thrown: unknown, own: unknown = thrown): void {
    if (call.over) {
      this.#givenUp(call);
      return;
    }
    const subject = `Task "${this.#host.nameOf(call.task)}" threw`;
    const error = asError(thrown, subject);
    const at = this.#host.now();
    this.#calls.expireIfLate(call, at);
    if (call.asked) {
      this.#endAsked(call, at, error, !call.isObedience(own));
      return;
    }
    this.#fail(call, at, error, false, asError(own, subject));
  }

  /** The end of an attempt that was asked to stop: its result is not heard, its error is kept. */
  #endAsked(call: Call, at: number, error: Error | undefined, ignored: boolean): void {
    const { task } = call;
    const other = error !== undefined && !call.isObedience(error) ? error : undefined;
    const { machine } = this.#host;
    // What was called too late to be asked is known to the machine when its event has its turn.
    if (machine.isExpired(task) || (call.late && machine.mayComplete(task))) {
      const timeout = call.reason as TimeoutError;
      const failure = other === undefined ? timeout : withCause(timeout, other);
      this.#fail(call, at, failure, true, failure, ignored);
      return;
    }
    const loss = machine.lossOf(task);
    if (loss !== undefined) {
      const failure = other === undefined ? loss : lostWith(loss as LostError, other);
      this.#fail(call, at, failure, false, failure, ignored);
      return;
    }
    const facts = this.#facts(call, at, ignored);
    this.#unheard(call, false, (at) => {
      this.#calls.close(call);
      if (other === undefined) {
        this.#host.send({ type: "returned", task, at, value: undefined, heard: false, facts });
      } else {
        this.#host.send({ type: "threw", task, at, error: other, facts });
      }
    });
  }

  /**
   * An attempt ends without a value that counts. One that it gave all the same is released: where another attempt follows,
   * before that, so that it finds nothing of it; else after the end, since a release holds nothing that its attempt held.
   * `end` is not called when nobody waits for the attempt any more.
   */
  #unheard(call: Call, goesOn: boolean, end: (at: number) => void): void {
    const { task, gave } = call;
    const tell = (): void => {
      if (!call.over) end(this.#host.now());
    };
    if (gave === undefined) {
      tell();
      return;
    }
    call.gave = undefined;
    call.ended = true;
    if (!goesOn) {
      this.#host.things.unheard(task, gave.value, { before: tell });
      return;
    }
    // From here on the grace period is that of the release.
    call.disarm?.();
    call.letGo?.();
    this.#host.things.unheard(task, gave.value, { after: tell });
  }

  /** Nobody waits for the attempt, whatever it gave. */
  #givenUp(call: Call): void {
    this.#unheard(call, false, () => {});
  }

  #facts(call: Call, at: number, ignored: boolean): EndFacts | undefined {
    const overrun = at - (call.askedAt ?? at);
    // Less is not worth a word: the function may have been about to end. One that held the thread was never asked.
    return call.facts(ignored && !call.late && overrun >= 1 ? overrun : undefined);
  }

  #fail(
    call: Call,
    at: number,
    error: Error,
    timedOut: boolean,
    own: Error,
    ignored = false,
  ): void {
    const { task } = call;
    const unheard = unheardDelay(own);
    if (unheard !== undefined) call.log(unheard);
    call.ended = true;
    const facts = this.#facts(call, at, ignored);
    const { machine, random } = this.#host;
    const tell = (failure: Error, retryMs: number | undefined): void => {
      this.#unheard(call, retryMs !== undefined, (at) => {
        this.#calls.close(call);
        // What it reads may have gone while something else was waited for.
        const loss = machine.lossOf(task);
        const told = loss === undefined || failure instanceof LostError;
        const error = told ? failure : lostWith(loss as LostError, failure);
        this.#host.send({ type: "threw", task, at, error, retryMs, timedOut, facts });
      });
    };
    const after = retryAfterOf(own);
    // Whether or not there is another attempt: it concerns everybody who needs that resource.
    const waits = after !== undefined && this.#host.pause(task, after.resource, after.ms);
    const possible = (): boolean => !call.over && machine.mayRetry(task);
    if (!possible()) {
      tell(error, undefined);
      return;
    }
    const policy = definitionOf(machine, task).options?.retry ?? 0;
    const { attempt } = call;
    const taskName = this.#host.nameOf(task);
    askRetry(
      { taskName, attempt, policy, error, own, random, waits, possible },
      () => {
        call.failure = error;
        this.#calls.unlimit(call);
      },
      tell,
    );
  }
}

/** The same, when the function threw another error instead of stopping as it was asked to. */
function lostWith({ task, cause }: LostError, other: Error): LostError {
  return frameless(new LostError(task, { ...(cause !== undefined && { cause }), errors: [other] }));
}
