/** What a driver needs of a machine, and what a run is told of it: the same for each way to dispatch. It decides nothing. */
import type { GraphPlan } from "../define/plan.ts";
import type { Command, MachineEvent } from "./event.ts";
import type { Ledger } from "./ledger.ts";

/** stop: start nothing new, abort what runs. drain: start nothing new, let it finish. continue: run all that does not depend on a failure. */
export type FailureMode = "stop" | "drain" | "continue" | { readonly maxFailures: number };

/** When a task starts: with its own dependencies, or with its stage. */
export type Dispatch = "dependencies" | "stages";

export interface RunSettings {
  readonly concurrency?: number | undefined;
  /** A semaphore shared with other runs limits this one: every start needs a permit. */
  readonly permits?: boolean;
  readonly resources?: Readonly<Record<string, number>> | undefined;
  /** Resources that several runs share, whose amounts are not known here: units are held, or spent. */
  readonly shared?: Readonly<Record<string, "held" | "spent">> | undefined;
  readonly failure?: FailureMode | undefined;
  readonly estimates?: Readonly<Record<string, number>> | undefined;
  /** Say when an output has no reader left. */
  readonly release?: boolean;
  /** Say when a status changes. */
  readonly observed?: boolean;
}

export type RunState = "completed" | "failed" | "cancelled";

export interface Machine {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  /** How the run ended; `undefined` while it goes on. */
  readonly state: RunState | undefined;
  /** Tail tasks that had not ended when the run did. */
  readonly detached: ReadonlySet<number>;
  /** What is to be done now. Events are facts and must be true; those that came too late are let pass. */
  handle(event: MachineEvent): readonly Command[];
  /** Whether the answer to `prepare` is still wanted: the task has no status yet. */
  awaitsInputs(task: number): boolean;
  /** Whether another flow of a loop may come up: it is between two of them, and not stopped. */
  awaitsNext(task: number): boolean;
  /** Whether the task completes if its running attempt returns. */
  mayComplete(task: number): boolean;
  /** Whether a failure of the running attempt could be followed by another one. */
  mayRetry(task: number): boolean;
  /** Whether the running attempt was asked to stop because of its own time limit, and for nothing else since. */
  isExpired(task: number): boolean;
  /** The claim that its running attempt holds. */
  claimOf(task: number): number | undefined;
  /** With what the running attempt fails, when what it reads is lost and it was asked for nothing stronger since. */
  lossOf(task: number): Error | undefined;
}
