/**
 * The steps of loops: `first` gives a flow, `until` says whether one that has ended was the last, `next` gives the one after
 * it. They are asked here, and promises are waited for; the machine is told the answers, and says what they mean.
 */
import type { LoopSteps } from "../define/definition.ts";
import { FlowHandle, foreignFlow } from "../define/flow-handle.ts";
import { describe } from "../ground/describe.ts";
import { asError, frameless, InputError, PlanError } from "../ground/errors.ts";
import { LoopLimitError } from "../ground/loop-limit-error.ts";
import { isPromise, settling } from "../ground/promised.ts";
import type { IteratedEvent } from "../machine/event.ts";
import type { AsyncContext } from "./async-context.ts";
import { Awaited } from "./awaited.ts";
import { definitionOf } from "./definition-of.ts";
import type { Host } from "./host.ts";
import type { Values } from "./values.ts";

/** What it needs of the driver. */
export interface LoopHost extends Host {
  readonly values: Values;
  nameOf(task: number): string;
}

type Answer = Pick<IteratedEvent, "done" | "inner" | "error">;

/** The one flow that is being asked about. */
interface Question {
  readonly task: number;
  readonly iteration: number;
  readonly steps: LoopSteps;
  readonly outputs: unknown;
}

export class Loops {
  readonly #host: LoopHost;
  readonly #context: AsyncContext;
  readonly #awaited: Awaited;

  constructor(host: LoopHost, context: AsyncContext, graceMs: number | undefined) {
    this.#host = host;
    this.#context = context;
    this.#awaited = new Awaited(host, graceMs);
  }

  /** A flow has ended well, the `iteration`th from 0: what comes next, at once or `pending`. */
  iterate(task: number, iteration: number): IteratedEvent {
    const steps = definitionOf(this.#host.machine, task).steps as LoopSteps;
    const outputs = this.#host.values.inside(task);
    return this.#context.run(() => this.#ask({ task, iteration, steps, outputs }));
  }

  /** The answer is not wanted any more; its end is waited for, within the grace period. */
  unprepare(task: number): void {
    this.#awaited.press(task, () =>
      this.#host.send({ type: "forsake", task, at: this.#host.now() }),
    );
  }

  #ask(question: Question): IteratedEvent {
    const { task, steps, outputs } = question;
    try {
      const verdict = steps.until(outputs as never);
      if (!isPromise(verdict)) {
        const answer = this.#judge(question, verdict);
        if (!(answer instanceof Promise)) return this.#event(task, answer);
        return this.#wait(task, answer);
      }
      return this.#wait(
        task,
        settling(verdict).then((said) => this.#judge(question, said)),
      );
    } catch (error) {
      return this.#event(task, { error: this.#failure(task, error) });
    }
  }

  /** What `until` has said. Throws what a step throws, and when it gave what it may not. */
  #judge(question: Question, verdict: unknown): Answer | Promise<Answer> {
    const { task, iteration, steps, outputs } = question;
    const name = this.#host.nameOf(task);
    if (verdict === true) return { done: true };
    if (verdict !== false) throw noVerdict(name, verdict);
    // Whoever is stopped is asked nothing more.
    if (!this.#host.machine.awaitsNext(task)) return {};
    const count = iteration + 1;
    if (count >= steps.max) throw frameless(new LoopLimitError(name, count, outputs));
    const next = steps.next(outputs as never, this.#host.values.inputsOf(task) as never, count);
    if (!isPromise(next)) return { inner: flowOf(name, "next", next) };
    return settling(next).then((flow) => ({ inner: flowOf(name, "next", flow) }));
  }

  #wait(task: number, answer: Promise<Answer>): IteratedEvent {
    const settled = answer.catch((error: unknown) => ({ error: this.#failure(task, error) }));
    this.#awaited.wait(task, settled, (said) => this.#host.send(this.#event(task, said)));
    return { type: "iterated", task, at: this.#host.now(), pending: true };
  }

  #event(task: number, answer: Answer): IteratedEvent {
    return { ...answer, type: "iterated", task, at: this.#host.now() };
  }

  #failure(task: number, thrown: unknown): Error {
    return asError(thrown, `A step of loop "${this.#host.nameOf(task)}" threw`);
  }
}

/** The flow that a step gave. Throws a `PlanError` for anything else. */
export function flowOf(loop: string, step: "first" | "next", value: unknown): FlowHandle {
  if (value instanceof FlowHandle) return value;
  const got = foreignFlow(value) ?? describe(value);
  const message = `\`${step}\` of loop "${loop}" must return a flow, or a promise of one, got ${got}`;
  throw new PlanError([{ code: "invalid-flow", message, path: ["tasks", loop, step] }]);
}

/** What `until` gave that is no verdict, as the error of its loop. */
function noVerdict(loop: string, verdict: unknown): InputError {
  const message = `\`until\` of loop "${loop}" must return true or false, or a promise of that, got ${describe(verdict)}`;
  return frameless(new InputError(loop, message));
}
