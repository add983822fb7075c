/** The deadline of each task from the start of its first attempt: a timer until the task has ended. Decides nothing. */
import type { TimeoutError } from "../ground/errors.ts";
import { Sparse } from "../machine/sparse.ts";
import { parentOf, taskName } from "../machine/task-name.ts";
import { startOf } from "../report/durations.ts";
import { holdsFlow } from "../report/outcome.ts";
import { attemptTimeout } from "../report/timeouts.ts";
import { definitionOf } from "./definition-of.ts";
import type { Host } from "./host.ts";

export class DeadlineTimers {
  readonly #host: Host;
  /** By task, how its timer is called off. */
  readonly #armed: Sparse<() => void> = new Sparse();

  constructor(host: Host) {
    this.#host = host;
  }

  /** The first attempt of a task starts, and perhaps the first inside of those that have none of their own. */
  start(task: number): void {
    this.#arm(task);
    const { ledger } = this.#host.machine;
    if (ledger.grown === undefined && ledger.nestedIn.size === 0) return;
    for (let at = parentOf(ledger, task); at !== undefined; at = parentOf(ledger, at)) {
      if (
        ledger.firstAttempt[at] === -1 &&
        ledger.itemsOf(at) === undefined &&
        !this.#armed.has(at)
      )
        this.#around(at);
    }
  }

  /** A map has the deadlines of its items alone. */
  #around(owner: number): void {
    if (definitionOf(this.#host.machine, owner).kind === "task") this.#arm(owner);
  }

  #arm(task: number): void {
    const limitMs = definitionOf(this.#host.machine, task).options?.deadlineMs;
    if (limitMs === undefined) return;
    const expire = (): void => {
      this.#armed.delete(task);
      const { ledger } = this.#host.machine;
      if (ledger.isFinal(task)) return;
      const event = {
        type: "expired",
        task,
        at: this.#host.now(),
        limitMs,
        scope: "task",
      } as const;
      const error = holdsFlow(ledger, task) ? this.#passed(task, limitMs, event.at) : undefined;
      this.#host.send(error === undefined ? event : { ...event, error });
    };
    this.#armed.set(task, this.#host.after(limitMs, expire));
  }

  /** What is inside of the task took longer. */
  #passed(task: number, limitMs: number, at: number): TimeoutError {
    const { plan, ledger } = this.#host.machine;
    const began = startOf(ledger, task);
    const scene = { limitMs, scope: "task", elapsedMs: at - began, ended: false } as const;
    return attemptTimeout(taskName(plan.graph, ledger, task), { ...scene, progress: undefined });
  }

  /** Something has happened to a task: it may have ended. */
  look(task: number): void {
    if (this.#armed.size === 0 || !this.#host.machine.ledger.isFinal(task)) return;
    this.#armed.get(task)?.();
    this.#armed.delete(task);
  }

  /** The run settles: nobody has looked at those that ended with others. */
  sweep(): void {
    for (const [task] of [...this.#armed]) this.look(task);
  }
}
