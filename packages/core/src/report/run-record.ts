/** All that a report is made of, as types: the ledger and the plan, and what is known of a run beside them. */
import type { EncodedValue } from "../ground/encode.ts";
import type { Issue } from "../ground/errors.ts";
import type { SerializedError } from "../ground/serialize-error.ts";
import type { Origin, Origins } from "./origin.ts";
import type { SerializedReport } from "./serialized-report.ts";
import type { TaskStatistics } from "./statistics.ts";
import type { Facts } from "./task-row.ts";

/** What is known of a run beside its ledger. */
export interface RunFacts {
  /** Made when it is first asked for: most reports are never read that far. */
  readonly header: () => SerializedReport["run"];
  readonly clock: SerializedReport["clock"];
  readonly resources: readonly string[];
  readonly concurrency: number | undefined;
  readonly staged: boolean;
  /** Instants: when the plan was there, and when the run was settled. */
  readonly plannedAt: number;
  readonly settledAt: number;
  /** Processor time of the process between its start and its end; nothing on another clock than the system's. */
  readonly cpuMs?: number | undefined;
  readonly planIssues: readonly Issue[];
  /** What was written, when the plan does not hold it. */
  readonly originalTasks?: Readonly<Record<string, readonly string[]>>;
  readonly observerErrors: readonly SerializedError[];
  readonly resume: SerializedReport["resume"];
  readonly origins: Origins;
  /** What an earlier run stored of items, and this one neither used nor ruled out. */
  readonly carried: readonly {
    readonly name: string;
    readonly output: EncodedValue;
    readonly origin: Origin;
  }[];
}

/** All that a report is made of. */
export interface RunRecord extends Facts, RunFacts {
  readonly resources: readonly string[];
  readonly state: "completed" | "failed" | "cancelled";
  readonly released: ReadonlySet<number>;
  readonly tail: Promise<readonly TaskStatistics[]>;
}
