/**
 * The fallbacks of tasks that have failed for good: each is asked once, with the error, and a promise that it gives is
 * waited for. The machine is told the answer; what it means is not known here.
 */
import { addCause, causesOf } from "../ground/causes.ts";
import { asError, frameless } from "../ground/errors.ts";
import { summarizeError } from "../ground/summarize-error.ts";
import type { FellBackEvent } from "../machine/event.ts";
import type { AsyncContext } from "./async-context.ts";
import { Awaited } from "./awaited.ts";
import { definitionOf } from "./definition-of.ts";
import type { Host } from "./host.ts";

/** What it needs of the driver. */
export interface FallbackHost extends Host {
  nameOf(task: number): string;
}

type Answer = Pick<FellBackEvent, "value"> | Pick<FellBackEvent, "error">;

export class FallbackCalls {
  readonly #host: FallbackHost;
  readonly #context: AsyncContext;
  readonly #awaited: Awaited;

  constructor(host: FallbackHost, context: AsyncContext, graceMs: number | undefined) {
    this.#host = host;
    this.#context = context;
    this.#awaited = new Awaited(host, graceMs);
  }

  /** Asks, and says at once what came of it. */
  ask(task: number): FellBackEvent {
    const failure = this.#host.machine.ledger.errorOf(task);
    const { fallback } = definitionOf(this.#host.machine, task).options ?? {};
    let given: unknown;
    let promised: boolean;
    try {
      given = this.#context.run(() => fallback?.(failure));
      promised = typeof (given as { then?: unknown } | null | undefined)?.then === "function";
    } catch (error) {
      return this.#event(task, { error: this.#joined(task, error, failure) });
    }
    if (!promised) return this.#event(task, { value: given });
    this.#context.run(() => {
      const settled = new Promise((resolve) => resolve(given)).then(
        (value): Answer => ({ value }),
        (error: unknown): Answer => ({ error: this.#joined(task, error, failure) }),
      );
      this.#awaited.wait(task, settled, (said) => this.#host.send(this.#event(task, said)));
    });
    return { type: "fellBack", task, at: this.#host.now(), pending: true };
  }

  /** It is waited for within the grace period only. */
  press(task: number): void {
    const pressedAt = this.#host.now();
    this.#awaited.press(task, () => {
      const ms = Math.round(this.#host.now() - pressedAt);
      const name = this.#host.nameOf(task);
      const message = `The fallback of task "${name}" had not ended ${ms} ms after it was called off`;
      const cause = this.#host.machine.ledger.errorOf(task);
      this.#host.send(this.#event(task, { error: frameless(new Error(message, { cause })) }));
    });
  }

  #event(task: number, answer: Answer): FellBackEvent {
    return { ...answer, type: "fellBack", task, at: this.#host.now() };
  }

  /** What a fallback threw, with the failure of its task as the cause; where it has another one, both in one error. */
  #joined(task: number, thrown: unknown, failure: unknown): Error {
    const name = this.#host.nameOf(task);
    const error = asError(thrown, `The fallback of task "${name}" threw`);
    if (causesOf(error).includes(failure) || addCause(error, failure)) return error;
    const message = `Task "${name}" failed: ${summarizeError(failure)}; and so did its fallback: ${summarizeError(error)}`;
    return frameless(new AggregateError([error], message, { cause: failure }));
  }
}
