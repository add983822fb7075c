/**
 * Child processes that have this process's terminal as their own output: what they write passes by its streams. Knows
 * when there are any, and not what they write.
 */
import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { nextTick } from "node:process";

/** Node.js tells of every child process here that is not waited for synchronously. */
const CHANNEL = "child_process";

export class Children {
  readonly #changed: () => void;
  readonly #living: Set<ChildProcess> = new Set();
  #watching = false;
  readonly #made = (message: unknown): void => {
    const { process: child } = message as { readonly process: ChildProcess };
    // Which of its outputs are read by this process is known once it has been started.
    nextTick(() => this.#started(child));
  };

  /** `changed`: now there are some, or none any more. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get any(): boolean {
    return this.#living.size > 0;
  }

  watch(): void {
    this.#watching = true;
    subscribe(CHANNEL, this.#made);
  }

  stop(): void {
    this.#watching = false;
    unsubscribe(CHANNEL, this.#made);
    this.#living.clear();
  }

  #started(child: ChildProcess): void {
    const { pid, stdout, stderr, exitCode, signalCode } = child;
    const elsewhere = stdout !== null && stderr !== null;
    if (
      !this.#watching ||
      pid === undefined ||
      exitCode !== null ||
      signalCode !== null ||
      elsewhere
    )
      return;
    this.#living.add(child);
    child.once("exit", () => {
      if (this.#living.delete(child) && !this.any) this.#changed();
    });
    if (this.#living.size === 1) this.#changed();
  }
}
