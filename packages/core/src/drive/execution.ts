/** What a run is made with, and what whoever started it holds, as types. */
import type { Anchor } from "../contract/clock.ts";
import type { Observer } from "../contract/observer.ts";
import type { MachineEvent } from "../machine/event.ts";
import type { Dispatch, Machine, RunSettings } from "../machine/machine.ts";
import type { Report } from "../report/report.ts";
import type { RunFacts } from "../report/run-record.ts";
import type { Earlier } from "../resume/earlier.ts";
import type { RunOptions } from "./options.ts";
import type { Parameters } from "./parameters.ts";
import type { RunSnapshot } from "./snapshot.ts";

/** Is told what the machine is told. */
export interface Recorder {
  begin(settings: RunSettings, dispatch: Dispatch): void;
  event(event: MachineEvent): void;
  end(facts: RunFacts): void;
}

export interface ExecuteSettings {
  readonly machine: Machine;
  readonly anchor: Anchor;
  readonly options: RunOptions;
  readonly dispatch: Dispatch;
  /** Asked once, unless the run was called off before it began. A promise is waited for; its rejection is the run's. */
  readonly parameters: () => Parameters | Promise<Parameters>;
  readonly observers: readonly Observer[];
  /** What an earlier run left. */
  readonly earlier?: Earlier | undefined;
  /** Told of every event that the machine is given: what `replay` needs. */
  readonly recorder?: Recorder | undefined;
  /** Told when there will be no report. */
  readonly refused?: ((error: unknown) => void) | undefined;
}

export interface Execution {
  readonly report: Promise<Report>;
  cancel(reason?: unknown): void;
  cancelTask(name: string, reason?: unknown): void;
  /** How it stands. Throws what the report is rejected with. */
  snapshot(): RunSnapshot;
}
