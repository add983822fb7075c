/**
 * From what a task's function gave to the event that ends its attempt: the output is checked, cleanups run, the retry
 * policy is asked. Decides nothing about the run; the machine is told the facts.
 */

import { retryDelay } from "../define/retry.ts";
import { asError, messageOf, TimeoutError } from "../ground/errors.ts";
import type { Machine } from "../machine/attempts.ts";
import type { EndFacts, MachineEvent } from "../machine/event.ts";
import type { Call } from "./call.ts";
import { validate } from "./inputs.ts";

/** What it needs of the driver. */
export interface EndHost {
  readonly machine: Machine;
  readonly random: () => number;
  now(): number;
  send(event: MachineEvent): void;
  nameOf(task: number): string;
  /** Nothing more is heard of the attempt. */
  end(call: Call): void;
}

export class AttemptEnder {
  readonly #host: EndHost;

  constructor(host: EndHost) {
    this.#host = host;
  }

  /** The function gave a value. */
  returned(call: Call, value: unknown): void {
    const schema = this.#host.machine.definitionOf(call.task).options?.output;
    if (call.cleanups !== undefined || (schema !== undefined && !call.asked)) {
      void this.#finishWork(call, value);
    } else {
      this.#completed(call, value);
    }
  }

  /** The function threw, or its promise was rejected. */
  threw(call: Call, error: unknown): void {
    if (call.cleanups !== undefined) void this.#finishWork(call, undefined, { error });
    else this.#failed(call, error);
  }

  /** Checks the output, then cleans up; errors of either fail a completed attempt, or join those of a failed one. */
  async #finishWork(call: Call, value: unknown, thrown?: { error: unknown }): Promise<void> {
    const errors: unknown[] = thrown === undefined ? [] : [thrown.error];
    let output = value;
    const definition = this.#host.machine.definitionOf(call.task);
    const schema = definition.options?.output;
    if (thrown === undefined && schema !== undefined && !call.asked) {
      try {
        output = await validate(schema, value, this.#host.nameOf(call.task), "output");
      } catch (error) {
        errors.push(error);
      }
    }
    const controller = new AbortController();
    // A cleanup may defer another one, which is then the last in.
    for (let cleanup = call.cleanups?.pop(); cleanup; cleanup = call.cleanups?.pop()) {
      try {
        await cleanup(controller.signal);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 0) this.#completed(call, output);
    else if (errors.length === 1) this.#failed(call, errors[0]);
    else this.#failed(call, new AggregateError(errors, messageOf(errors[0])), errors[0]);
  }

  #completed(call: Call, value: unknown): void {
    if (call.over) return;
    if (call.asked) {
      this.#endAsked(call, undefined, true);
      return;
    }
    const { task } = call;
    this.#host.end(call);
    // Whether it counts is known when the event has its turn: the function itself may have called the task off.
    const at = this.#host.now();
    this.#host.send({ type: "returned", task, at, value, facts: call.facts() });
  }

  /** `own` is the error of the function, when those of its cleanups have joined it: it decides what follows. */
  #failed(call: Call, thrown: unknown, own: unknown = thrown): void {
    if (call.over) return;
    const subject = `Task "${this.#host.nameOf(call.task)}" threw`;
    const error = asError(thrown, subject);
    if (call.asked) {
      this.#endAsked(call, error, !call.isObedience(own));
      return;
    }
    this.#host.end(call);
    this.#fail(call, error, call.facts(), false, asError(own, subject));
  }

  /** The end of an attempt that was asked to stop: its result is not heard, its error is kept. */
  #endAsked(call: Call, error: Error | undefined, ignored: boolean): void {
    const { task } = call;
    this.#host.end(call);
    const overrun = this.#host.now() - call.askedAt;
    // Less is not worth a word: the function may have been about to end.
    const facts = call.facts(ignored && overrun >= 1 ? overrun : undefined);
    const other = error !== undefined && !call.isObedience(error) ? error : undefined;
    const { reason } = call;
    if (this.#host.machine.isExpired(task)) {
      const { message, limitMs } = reason as TimeoutError;
      const failure =
        other === undefined
          ? reason
          : new TimeoutError(message, limitMs, "attempt", { cause: other });
      this.#fail(call, failure as TimeoutError, facts, true);
    } else if (other === undefined) {
      this.#host.send({ type: "returned", task, at: this.#host.now(), value: undefined, facts });
    } else {
      this.#host.send({ type: "threw", task, at: this.#host.now(), error: other, facts });
    }
  }

  #fail(
    call: Call,
    error: Error,
    facts: EndFacts | undefined,
    timedOut: boolean,
    own: Error = error,
  ): void {
    const { task } = call;
    const [failure, retryMs] = this.#host.machine.mayRetry(task)
      ? this.#askRetry(call, error, own)
      : [error, undefined];
    this.#host.send({
      type: "threw",
      task,
      at: this.#host.now(),
      error: failure,
      retryMs,
      timedOut,
      facts,
    });
  }

  #askRetry(call: Call, error: Error, own: Error): [error: Error, delay: number | undefined] {
    try {
      const policy = this.#host.machine.definitionOf(call.task).options?.retry ?? 0;
      return [error, retryDelay(policy, call.attempt, own, this.#host.random)];
    } catch (thrown) {
      const message = `Task "${this.#host.nameOf(call.task)}" failed, and so did its retry policy: ${messageOf(thrown)}`;
      return [new AggregateError([error, thrown], message), undefined];
    }
  }
}
