/** When each attempt of a driven run was, and on which slot: what a picture of it is drawn from. Reads the ledger; knows no change. */
import type { Machine } from "../machine/machine.ts";
import { RUNNING } from "../machine/states.ts";
import { taskName } from "../machine/task-name.ts";
import { micros } from "../report/durations.ts";
import type { Offset } from "../report/statistics.ts";

/** An attempt that was not: as a report has it, without what nobody can know. */
export interface SimulatedAttempt {
  readonly taskName: string;
  /** Of the simulated run: without failures the first is the last. */
  readonly attemptNumber: number;
  /** The lowest that was free, from 0. */
  readonly slot: number;
  readonly startAt: Offset;
  /** `null` for one that went on when the run had settled. */
  readonly endAt: Offset | null;
}

/** In the order of their starts. */
export function attemptsOf({ plan, ledger }: Machine): SimulatedAttempt[] {
  const attempts: SimulatedAttempt[] = [];
  for (let attempt = 0; attempt < ledger.attempts; attempt++) {
    const open = ledger.attemptStatus[attempt] === RUNNING;
    attempts.push({
      taskName: taskName(plan.graph, ledger, ledger.attemptTask[attempt] as number),
      attemptNumber: ledger.numberOf(attempt),
      slot: ledger.slot[attempt] as number,
      startAt: micros(ledger.startAt[attempt] as number) / 1000,
      endAt: open ? null : micros(ledger.endAt[attempt] as number) / 1000,
    });
  }
  return attempts.sort((a, b) => a.startAt - b.startAt);
}
