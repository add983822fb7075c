/**
 * The tasks under way that others may come up inside of, by key. One whose flow has tails that have not begun is kept
 * beyond its end, because those belong below it; nothing else is. Knows no span.
 */
import type { StatusEvent, TaskInfo } from "@astrum/core";

/** Of a task that waits: it will not begin. */
const NEVER: ReadonlySet<StatusEvent["to"]> = new Set(["skipped", "cancelled", "restored"]);

export class OpenTasks<T> {
  readonly #open: Map<string, T> = new Map();
  /** By the task that they are inside of: how many tails have not begun. */
  readonly #tails: Map<string, number> = new Map();
  /** Ended, and kept for those. */
  readonly #ended: Set<string> = new Set();

  /** What a task is inside of, if that is a task. */
  around({ parent }: TaskInfo): T | undefined {
    return parent === undefined ? undefined : this.#open.get(parent);
  }

  ended({ key }: TaskInfo): void {
    if (this.#tails.has(key)) this.#ended.add(key);
    else this.#open.delete(key);
  }

  /** To be told of every status: a tail is listed with its flow, and begins when it can, or ends without. */
  status({ task, from, to }: StatusEvent): void {
    if (task.kind !== "tail" || task.parent === undefined) return;
    if (from === undefined) this.#count(task.parent, 1);
    else if (from === "waiting" && NEVER.has(to)) this.#count(task.parent, -1);
  }

  began({ key, kind, parent }: TaskInfo, task: T): void {
    this.#open.set(key, task);
    if (kind === "tail" && parent !== undefined) this.#count(parent, -1);
  }

  #count(parent: string, more: number): void {
    const left = (this.#tails.get(parent) ?? 0) + more;
    if (left > 0) {
      this.#tails.set(parent, left);
      return;
    }
    this.#tails.delete(parent);
    if (this.#ended.delete(parent)) this.#open.delete(parent);
  }
}
