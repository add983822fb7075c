/**
 * What a flow makes of the task that it is inside of: its owner is as good as what its rows have come to. Reads what
 * happened; changes nothing and starts nobody.
 */
import { SubflowError } from "../ground/subflow-error.ts";
import type { Ledger, Reason } from "./ledger.ts";
import type { Inner, Scopes } from "./scopes.ts";
import { ABANDONED, FAILED } from "./states.ts";

export class Flows {
  readonly #ledger: Ledger;
  readonly #scopes: Scopes;

  constructor(ledger: Ledger, scopes: Scopes) {
    this.#ledger = ledger;
    this.#scopes = scopes;
  }

  /**
   * All its rows have ended: what failed in it fails its owner. Without a value for every root the owner is what became
   * of the flow: halted with it, or skipped as whoever reads such a root.
   */
  verdict(inner: Inner): "ending" | "failed" | "cancelled" | "skipped" {
    if (inner.failed > 0) return "failed";
    if (this.#missing(inner) === undefined) return "ending";
    return inner.haltedBy !== undefined && this.hasBegun(inner) ? "cancelled" : "skipped";
  }

  /** It completes, with what its roots gave: what a fallback gave in the place of one does not stand for a later run. */
  completes({ owner, roots }: Inner): void {
    if (roots.some(({ task }) => !this.#ledger.stands(task)))
      this.#ledger.halfDone.set(owner, true);
  }

  /** Why, for one that is cancelled or skipped. */
  reasonOf(inner: Inner): Reason {
    if (inner.haltedBy !== undefined) return inner.haltedBy;
    const task = this.#missing(inner) as number;
    const before = this.#ledger.reasons.get(task);
    return { kind: "dependency", task, root: before?.kind === "dependency" ? before.root : task };
  }

  /** Whether any function of it was called, or that of its owner. */
  hasBegun(inner: Inner): boolean {
    const { lastAttempt } = this.#ledger;
    if (lastAttempt[inner.owner] !== -1) return true;
    for (const row of this.#scopes.within(inner)) if (lastAttempt[row] !== -1) return true;
    return false;
  }

  /** Why an owner failed: the errors of the tasks of its flow, those that failed alone left out. */
  errorOf(inner: Inner, nameOf: (row: number) => string): SubflowError {
    const { status } = this.#ledger;
    const failed: number[] = [];
    for (let row = inner.first; row < inner.first + inner.count; row++) {
      if (status[row] !== FAILED && status[row] !== ABANDONED) continue;
      if (this.#scopes.of(row) !== inner || !this.#scopes.failsItsFlow(row)) continue;
      failed.push(row);
    }
    const errors = failed.map((row) => this.#ledger.errorOf(row));
    return new SubflowError(nameOf(inner.owner), failed.map(nameOf), errors);
  }

  #missing({ roots }: Inner): number | undefined {
    return roots.find(({ task }) => !this.#ledger.hasValue(task))?.task;
  }
}
