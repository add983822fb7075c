/**
 * What ends as one: the run, and inside it the items of a map, or a flow. Scopes lie in one another, each but the run in
 * the row that owns it. A scope counts its rows, and its phase, which only ever goes down, says who may start in it. Knows
 * no row.
 */
import type { Root } from "../define/graph.ts";
import type { Reason } from "./reason.ts";
import type { Spawn } from "./spawns.ts";
import { type Phase, type Role, SCOPE } from "./states.ts";

export interface Scope {
  phase: Phase;
  /** The row that it is inside of, and the scope of that row; the run is the outermost. */
  readonly owner: number;
  readonly outer: Scope | undefined;
  /** The nearest scope, itself included, whose owner tolerates what fails inside it; without one the run's policy decides. */
  readonly holder: Scope | undefined;
  /** Its rows, and those of what lies in it from the beginning. */
  readonly first: number;
  readonly count: number;
  /** Rows without a final state, by role; tails are counted by the run. */
  readonly open: Record<Role, number>;
  /** Rows that failed; in the run those whose failure is not tolerated. */
  failed: number;
}

/** A flow inside of a task, or one of those of a loop. */
export interface Inner extends Scope {
  readonly outer: Scope;
  /** What it gives, and the rows that start when all others have ended: counted from `base` on. */
  readonly roots: readonly Root[];
  readonly finallyTasks: Iterable<number>;
  readonly base: number;
  /** Whether its rows may start: not before its owner was asked, where that is asked first. */
  opened: boolean;
  /** Of a loop: which of its flows it is, and the one before. */
  readonly iteration: number | undefined;
  before: Inner | undefined;
  /** What halted it before it was closing. */
  haltedBy: Reason | undefined;
  /** What stopped it, also while it was closing: of a loop no other flow follows. What lets end stops nothing. */
  stoppedBy: Reason | undefined;
  /** The row that ended last, of those that had attempts or something inside; -1 when none had. */
  last: number;
  /** The deadline of its owner has passed. */
  expired: boolean;
  /** Values of its tasks that are to be released and are not. */
  alive: number;
  /** Answers that go on for its rows, and those inside them, and that nobody wants any more. */
  lingering: number;
  over: boolean;
}

/** The items of a map: all of them main rows. */
export interface Items extends Scope {
  readonly outer: Scope;
  readonly spawn: Spawn;
  /** Items that may be let into the competition for capacity at once. */
  readonly limit: number;
  /** The next one to let in, and those let in that have not ended. */
  next: number;
  active: number;
  cancelled: number;
  /** Those that failed and were given a value all the same. */
  fellBack: number;
  skipped: number;
  /** What their map reads has gone. */
  lost: boolean;
  /** The result of one could not be kept. */
  broken: boolean;
}

const PHASES = Object.keys(SCOPE);

export function* rowsOf({ first, count }: Pick<Scope, "first" | "count">): Iterable<number> {
  for (let row = first; row < first + count; row++) yield row;
}

/** It goes down, and a flow remembers what halted it first. */
export function halt(scope: Scope, phase: Phase, reason: Reason): void {
  if ("haltedBy" in scope) {
    const inner = scope as Inner;
    if (scope.phase !== "closing") inner.haltedBy ??= reason;
    if (phase !== "draining") inner.stoppedBy ??= reason;
  }
  lower(scope, phase);
}

/** A scope only ever goes down. */
export function lower(scope: Pick<Scope, "phase">, phase: Phase): void {
  if (PHASES.indexOf(phase) > PHASES.indexOf(scope.phase)) scope.phase = phase;
}
