/**
 * From what a task's function gave to the event that ends its attempt: the output is checked, cleanups run, the retry
 * policy is asked. Decides nothing about the run; the machine is told the facts.
 */

import { retryDelay } from "../define/retry.ts";
import { asError, messageOf, TimeoutError } from "../ground/errors.ts";
import type { Machine } from "../machine/attempts.ts";
import type { EndFacts, MachineEvent } from "../machine/event.ts";
import type { Attempt } from "./call.ts";
import { validate } from "./inputs.ts";

/** What it needs of the driver. */
export interface ConclusionHost {
  readonly machine: Machine;
  readonly random: () => number;
  now(): number;
  send(event: MachineEvent): void;
  nameOf(task: number): string;
  /** Nothing more is heard of the attempt. */
  end(attempt: Attempt): void;
}

export class Conclusion {
  readonly #host: ConclusionHost;

  constructor(host: ConclusionHost) {
    this.#host = host;
  }

  /** The function gave a value. */
  returned(attempt: Attempt, value: unknown): void {
    const schema = this.#host.machine.definitionOf(attempt.task).options?.output;
    if (attempt.cleanups !== undefined || (schema !== undefined && !attempt.asked)) {
      void this.#finishWork(attempt, value);
    } else {
      this.#completed(attempt, value);
    }
  }

  /** The function threw, or its promise was rejected. */
  threw(attempt: Attempt, error: unknown): void {
    if (attempt.cleanups !== undefined) void this.#finishWork(attempt, undefined, { error });
    else this.#failed(attempt, error);
  }

  /** Checks the output, then cleans up; errors of either fail a completed attempt, or join those of a failed one. */
  async #finishWork(attempt: Attempt, value: unknown, thrown?: { error: unknown }): Promise<void> {
    const errors: unknown[] = thrown === undefined ? [] : [thrown.error];
    let output = value;
    const definition = this.#host.machine.definitionOf(attempt.task);
    const schema = definition.options?.output;
    if (thrown === undefined && schema !== undefined && !attempt.asked) {
      try {
        output = await validate(schema, value, this.#host.nameOf(attempt.task), "output");
      } catch (error) {
        errors.push(error);
      }
    }
    const controller = new AbortController();
    // A cleanup may defer another one, which is then the last in.
    for (let cleanup = attempt.cleanups?.pop(); cleanup; cleanup = attempt.cleanups?.pop()) {
      try {
        await cleanup(controller.signal);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 0) this.#completed(attempt, output);
    else if (errors.length === 1) this.#failed(attempt, errors[0]);
    else this.#failed(attempt, new AggregateError(errors, messageOf(errors[0])), errors[0]);
  }

  #completed(attempt: Attempt, value: unknown): void {
    if (attempt.over) return;
    if (attempt.asked) {
      this.#endAsked(attempt, undefined, true);
      return;
    }
    const { task } = attempt;
    this.#host.end(attempt);
    // Whether it counts is known when the event has its turn: the function itself may have called the task off.
    const at = this.#host.now();
    this.#host.send({ type: "returned", task, at, value, facts: attempt.facts() });
  }

  /** `own` is the error of the function, when those of its cleanups have joined it: it decides what follows. */
  #failed(attempt: Attempt, thrown: unknown, own: unknown = thrown): void {
    if (attempt.over) return;
    const subject = `Task "${this.#host.nameOf(attempt.task)}" threw`;
    const error = asError(thrown, subject);
    if (attempt.asked) {
      this.#endAsked(attempt, error, !attempt.isObedience(own));
      return;
    }
    this.#host.end(attempt);
    this.#fail(attempt, error, attempt.facts(), false, asError(own, subject));
  }

  /** The end of an attempt that was asked to stop: its result is not heard, its error is kept. */
  #endAsked(attempt: Attempt, error: Error | undefined, ignored: boolean): void {
    const { task } = attempt;
    this.#host.end(attempt);
    const overrun = this.#host.now() - attempt.askedAt;
    // Less is not worth a word: the function may have been about to end.
    const facts = attempt.facts(ignored && overrun >= 1 ? overrun : undefined);
    const other = error !== undefined && !attempt.isObedience(error) ? error : undefined;
    const { reason } = attempt;
    if (this.#host.machine.isExpired(task)) {
      const { message, limitMs } = reason as TimeoutError;
      const failure =
        other === undefined
          ? reason
          : new TimeoutError(message, limitMs, "attempt", { cause: other });
      this.#fail(attempt, failure as TimeoutError, facts, true);
    } else if (other === undefined) {
      this.#host.send({ type: "returned", task, at: this.#host.now(), value: undefined, facts });
    } else {
      this.#host.send({ type: "threw", task, at: this.#host.now(), error: other, facts });
    }
  }

  #fail(
    attempt: Attempt,
    error: Error,
    facts: EndFacts | undefined,
    timedOut: boolean,
    own: Error = error,
  ): void {
    const { task } = attempt;
    const [failure, retryMs] = this.#host.machine.mayRetry(task)
      ? this.#askRetry(attempt, error, own)
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

  #askRetry(attempt: Attempt, error: Error, own: Error): [error: Error, delay: number | undefined] {
    try {
      const policy = this.#host.machine.definitionOf(attempt.task).options?.retry ?? 0;
      return [error, retryDelay(policy, attempt.attempt, own, this.#host.random)];
    } catch (thrown) {
      const message = `Task "${this.#host.nameOf(attempt.task)}" failed, and so did its retry policy: ${messageOf(thrown)}`;
      return [new AggregateError([error, thrown], message), undefined];
    }
  }
}
