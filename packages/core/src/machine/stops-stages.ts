/**
 * What a verdict, a failure, a stop or a cancellation means where tasks start stage by stage: the state that a task gets, the
 * fallback that is asked, who is skipped or asked to stop. Starts nobody, and knows no cursor and no line.
 */
import type { GraphPlan } from "../define/plan.ts";
import type { Attempts } from "./attempts.ts";
import type { Bounds } from "./bounds.ts";
import { ruledOut } from "./edges.ts";
import type { FellBackEvent } from "./event.ts";
import type { Fallbacks } from "./fallbacks.ts";
import type { Ledger } from "./ledger.ts";
import type { RunSettings } from "./machine.ts";
import { Readers } from "./readers.ts";
import { type AbortCause, type Reason, reasonOf, type StopCause } from "./reason.ts";
import type { Rows } from "./rows.ts";
import {
  CANCELLED,
  CONCLUDED,
  type Conclusion,
  effectOf,
  type Failing,
  isFailing,
  SKIPPED,
} from "./states.ts";
import type { Tasks } from "./tasks.ts";
import type { Turn } from "./turn.ts";

/** The rooms that it tells. */
interface Rooms {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  readonly turn: Turn;
  readonly rows: Rows;
  readonly tasks: Tasks;
  readonly attempts: Attempts;
  readonly bounds: Bounds;
  readonly fallbacks: Fallbacks;
}

export class StagedStops {
  /** Tail tasks without a final state. */
  openTails: number;
  readonly #plan: GraphPlan;
  readonly #ledger: Ledger;
  readonly #rows: Rows;
  readonly #tasks: Tasks;
  readonly #attempts: Attempts;
  readonly #bounds: Bounds;
  readonly #fallbacks: Fallbacks;
  /** Failed tasks that stop the run when the cursor comes to them. */
  readonly #fatal: Set<number> = new Set();
  /** Only counted when outputs are to be released. */
  readonly #readers: Readers | undefined;

  constructor(rooms: Rooms, { release }: RunSettings) {
    const { plan, ledger, turn } = rooms;
    this.#plan = plan;
    this.#ledger = ledger;
    this.#rows = rooms.rows;
    this.#tasks = rooms.tasks;
    this.#attempts = rooms.attempts;
    this.#bounds = rooms.bounds;
    this.#fallbacks = rooms.fallbacks;
    this.openTails = plan.graph.tails.size;
    if (release) this.#readers = new Readers(plan.graph, ledger, turn);
  }

  // ---- verdicts ----------------------------------------------------------------------------------------------------

  /** `broken`: it is what was to store the result that failed, and no fallback helps against that. */
  conclude(task: number, conclusion: Conclusion, broken = false): void {
    if (!isFailing(conclusion)) this.finish(task, CONCLUDED[conclusion]);
    else if (broken || !this.#fallbacks.ask(task, conclusion)) this.#fail(task, conclusion);
    else if (this.#isStopped) this.#fallbacks.press(task);
  }

  /** From outside; after a failure the cursor comes to each task in its turn. */
  get #isStopped(): boolean {
    const { stoppedBy } = this.#ledger;
    return this.#bounds.open && stoppedBy !== undefined && stoppedBy.kind !== "failure";
  }

  /** The failure of a task is there for good, with a value in its place or without. */
  fellBack(event: FellBackEvent): void {
    const conclusion = this.#fallbacks.answered(event);
    if (conclusion !== undefined) this.#fail(event.task, conclusion);
  }

  #fail(task: number, conclusion: Failing): void {
    this.finish(task, CONCLUDED[conclusion]);
    const tolerated = this.#ledger.fellBack.has(task) || this.#rows.tolerates(task);
    this.#ledger.fail(task, tolerated);
    if (!tolerated) this.#fatal.add(task);
  }

  /** Whether it stops the run when the cursor comes to it. */
  isFatal(task: number): boolean {
    return this.#fatal.has(task);
  }

  finish(task: number, state: number): void {
    this.#tasks.become(task, state);
    if (this.#plan.graph.tails.has(task)) this.openTails--;
    this.#readers?.ended(task);
  }

  // ---- told to stop ------------------------------------------------------------------------------------------------

  /** From outside: nothing new starts, and whatever runs is asked at once, tail tasks too. */
  stop(cause: StopCause): void {
    const reason = reasonOf(cause);
    if (this.#bounds.state === undefined) this.#ledger.stoppedBy ??= reason;
    this.skipFrom(0, reason);
    for (const task of this.#plan.order) this.callOff(task, cause);
  }

  cancel(task: number, reason: unknown): void {
    this.callOff(task, { kind: "cancelled", reason });
  }

  /** One task is told to stop: with its run, or alone. */
  callOff(task: number, cause: AbortCause): void {
    const ledger = this.#ledger;
    const alone = cause.kind === "cancelled";
    const effect = effectOf(ledger.status[task] as number, alone ? "calledOff" : "stopped");
    if (effect === "asked") {
      this.#attempts.ask(task, cause);
    } else if (effect === "let end") {
      this.#fallbacks.press(task);
    } else if (effect === "skipped") {
      this.skip(task, reasonOf(cause));
    } else if (effect === "cancelled") {
      const reason = reasonOf(cause);
      const begun = ledger.lastAttempt[task] !== -1;
      this.#tasks.undelay(task);
      ledger.reasons.set(task, alone || begun ? reason : { kind: "not-started", because: reason });
      this.finish(task, CANCELLED);
    }
  }

  /** The tasks of a stage and of all later ones will not start. */
  skipFrom(stage: number, reason: Reason): void {
    const ledger = this.#ledger;
    const plan = this.#plan;
    for (const task of plan.order.subarray(plan.stageStart[stage])) {
      if (effectOf(ledger.status[task] as number, "stopped") !== "skipped") continue;
      this.skip(task, ruledOut(plan.graph, ledger, task) ?? reason);
    }
  }

  skip(task: number, reason: Reason): void {
    this.#ledger.reasons.set(task, reason);
    this.#ledger.readyAt[task] = Number.NaN;
    this.finish(task, SKIPPED);
  }
}
