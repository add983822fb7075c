/** From the output of a task to the entry that a journal is told, before anything else may come of it. */
import { encodeValue } from "../ground/encode.ts";
import type { Machine } from "../machine/attempts.ts";
import type { Fingerprints } from "../report/fingerprint.ts";
import { taskName } from "../report/statistics.ts";
import type { Journal } from "../resume/journal.ts";

export class JournalWriter {
  readonly #journal: Journal;
  readonly #runId: string;
  readonly #machine: Machine;
  readonly #fingerprints: Fingerprints;

  constructor(journal: Journal, runId: string, machine: Machine, fingerprints: Fingerprints) {
    this.#journal = journal;
    this.#runId = runId;
    this.#machine = machine;
    this.#fingerprints = fingerprints;
  }

  /** Tells the journal; throws what it throws. `epochMs` is the wall clock's time of the entry. */
  write(task: number, output: unknown, epochMs: number): void {
    const { plan, ledger } = this.#machine;
    const spawn = ledger.spawnOf(task);
    const index = spawn && task - spawn.first;
    const entry = {
      type: "completed",
      at: epochMs,
      runId: this.#runId,
      task: taskName(plan.graph, ledger, task),
      fingerprint: this.#fingerprints.of(spawn?.map ?? task, index),
      output: encodeValue(output),
    };
    this.#journal(
      spawn === undefined
        ? entry
        : { ...entry, parent: taskName(plan.graph, ledger, spawn.map), index },
    );
  }
}
