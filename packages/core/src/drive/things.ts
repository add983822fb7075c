/**
 * Lets go of what lives: calls `release` with a value of its task, waits for it as long as the grace period allows, and says
 * how that ended. When a value may go is the machine's to say; what nobody hears may go at once.
 */
import { lives } from "../define/definition.ts";
import { describe } from "../ground/describe.ts";
import { asError, frameless, LostError, RunAbortedError, TimeoutError } from "../ground/errors.ts";
import { settling } from "../ground/promised.ts";
import { Sparse } from "../machine/sparse.ts";
import type { AsyncContext } from "./async-context.ts";
import { definitionOf } from "./definition-of.ts";
import type { Host } from "./host.ts";
import { newController } from "./surroundings.ts";
import type { Values } from "./values.ts";

/**
 * What a promise of the user holds of a run: it may live longer, or never settle, so it holds no more than this, which is
 * emptied when nobody reads the value any more.
 */
interface Ear {
  hear: ((reason: { readonly cause?: unknown }) => void) | undefined;
}

interface Around {
  readonly before?: () => void;
  readonly after?: () => void;
}

/** What it needs of the driver. */
export interface ThingsHost extends Host {
  readonly values: Values;
  nameOf(task: number): string;
}

export class Things {
  readonly #host: ThingsHost;
  readonly #context: AsyncContext;
  readonly #graceMs: number | undefined;
  /** The signals of what is being released. */
  readonly #open: Set<AbortController> = new Set();
  /** By task, who hears that its value has gone. */
  readonly #ears: Sparse<Ear> = new Sparse();
  #hurry: Error | undefined;

  constructor(host: ThingsHost, context: AsyncContext, graceMs: number | undefined) {
    this.#host = host;
    this.#context = context;
    this.#graceMs = graceMs;
  }

  /** Whether the values of a task are to be released. */
  live(task: number): boolean {
    const { machine } = this.#host;
    const { plan, ledger } = machine;
    return (ledger.grown ?? plan.graph).lives && lives(definitionOf(machine, task));
  }

  /** From now on it is heard when the value goes by itself. */
  watch(task: number): void {
    const { options } = definitionOf(this.#host.machine, task);
    if (options?.lost === undefined) return;
    const ear: Ear = {
      hear: (reason) => {
        ear.hear = undefined;
        const error = frameless(new LostError(this.#host.nameOf(task), reason));
        this.#context.run(() => {
          this.#host.send({ type: "lost", task, at: this.#host.now(), error });
        });
      },
    };
    this.#ears.set(task, ear);
    const { lost } = options;
    const value = this.#host.values.all[task] as never;
    this.#context.run(() => listen(() => lost(value), ear));
  }

  /** The last reader has ended. */
  dispose(task: number): void {
    const ear = this.#ears.get(task);
    if (ear !== undefined) ear.hear = undefined;
    this.#ears.delete(task);
    this.#release(task, this.#host.values.all[task]);
  }

  /**
   * A value came that counts for nothing. `before` is called when the run waits for its release already, `after` when nobody
   * does any more.
   */
  unheard(task: number, value: unknown, { before, after }: Around = {}): void {
    this.#host.note({ type: "unheard", task, at: this.#host.now() });
    before?.();
    this.#release(task, value, after);
  }

  /** Whoever releases something is asked to hurry, now and from now on. */
  hasten(): void {
    this.#hurry ??= frameless(new RunAbortedError("The run was aborted a second time"));
    for (const controller of this.#open) controller.abort(this.#hurry);
  }

  #release(task: number, value: unknown, after?: () => void): void {
    const calledAt = this.#host.now();
    const controller = newController();
    if (this.#hurry !== undefined) controller.abort(this.#hurry);
    this.#open.add(controller);
    let disarm: (() => void) | undefined;
    const end = (failure: { readonly error?: unknown }): void => {
      if (!this.#open.delete(controller)) return;
      disarm?.();
      this.#host.send({ type: "disposed", task, at: this.#host.now(), calledAt, ...failure });
      after?.();
    };
    const graceMs = this.#graceMs;
    if (graceMs !== undefined) {
      disarm = this.#host.after(graceMs, () => {
        const error = this.#overdue(task, graceMs);
        controller.abort(error);
        end({ error });
      });
    }
    this.#context.run(() => {
      void this.#called(task, value, controller.signal).then(end);
    });
  }

  /** Calls the user's function; whatever that does, this resolves. */
  async #called(
    task: number,
    value: unknown,
    signal: AbortSignal,
  ): Promise<{ readonly error?: unknown }> {
    const { options } = definitionOf(this.#host.machine, task);
    try {
      await options?.release?.(value as never, Object.freeze({ signal }));
      return {};
    } catch (error) {
      return { error: asError(error, `The release of task "${this.#host.nameOf(task)}" threw`) };
    }
  }

  #overdue(task: number, limitMs: number): TimeoutError {
    const message = `The release of task "${this.#host.nameOf(task)}" took longer than ${limitMs} ms`;
    return frameless(new TimeoutError(message, limitMs, "release"));
  }
}

/** Calls the user's `lost`. Outside of every object of a run, so that its promise keeps nothing of one but an ear. */
function listen(lost: () => unknown, ear: Ear): void {
  let promise: unknown;
  try {
    promise = lost();
    const gave = describe(promise);
    if (gave !== "a promise") {
      const message = `\`lost\` gave ${gave}, and no promise that settles when the value has gone`;
      throw frameless(new TypeError(message));
    }
  } catch (error) {
    ear.hear?.(causeOf(error));
    return;
  }
  const settled = (reason: unknown): void => ear.hear?.(causeOf(reason));
  settling(promise as PromiseLike<unknown>).then(settled, settled);
}

function causeOf(reason: unknown): { readonly cause?: unknown } {
  return reason === undefined ? {} : { cause: asError(reason, "It ended with") };
}
