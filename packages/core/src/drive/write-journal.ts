/** What a journal is told of a run, and what it answers: it has stored an entry when it returns. */
import { encodeValue } from "../ground/encode.ts";
import { frameless, JournalError } from "../ground/errors.ts";
import { summarizeError } from "../ground/summarize-error.ts";
import type { Machine } from "../machine/machine.ts";
import type { Fingerprints } from "../report/fingerprint.ts";
import type { Origins } from "../report/origin.ts";
import { taskName } from "../report/task-name.ts";
import type { Journal, JournalEntry } from "../resume/journal.ts";
import type { Restoration } from "../resume/restore.ts";

/** What it is told about. */
export interface JournaledRun {
  readonly runId: string;
  readonly machine: Machine;
  readonly fingerprints: Fingerprints;
  readonly origins: Origins;
}

export class JournalWriter {
  readonly #journal: Journal;
  readonly #run: JournaledRun;
  #failed = false;

  constructor(journal: Journal, run: JournaledRun) {
    this.#journal = journal;
    this.#run = run;
  }

  /**
   * Of the run, and of what it restores, so that its own entries are enough to take it up again. Throws a `JournalError`
   * at the first entry that is not stored. `at` is the wall clock's time of an entry.
   */
  begin(restored: Restoration | undefined, at: number): void {
    const { plan } = this.#run.machine;
    const resumes = restored?.runId;
    const taken = resumes === undefined ? {} : { resumes };
    this.#tell("the start of the run", { type: "started", at, flow: plan.graph.name, ...taken });
    if (restored === undefined) return;
    for (const [task, { output, origin }] of restored.outputs) {
      const fingerprint = this.#run.fingerprints.of(task);
      this.#completed(plan.nameOf(task), { at, fingerprint, output, origin });
    }
    for (const { name, task, index, output, origin } of restored.unjudged()) {
      const fingerprint = this.#run.fingerprints.of(task, index);
      const owner = index === undefined ? {} : { parent: plan.nameOf(task), index };
      this.#completed(name, { at, fingerprint, output, origin, ...owner });
    }
  }

  /**
   * Of a task or item that completes; throws a `JournalError` when that is not stored. After one that was not it is told
   * nothing more: what goes on then are finally tasks.
   */
  completed(task: number, value: unknown, at: number): void {
    if (this.#failed) return;
    const { machine, fingerprints, origins } = this.#run;
    const { plan, ledger } = machine;
    const output = encodeValue(value);
    const origin = output.encoding === "omitted" ? undefined : origins.of(task);
    const made = origin === undefined ? {} : { origin };
    const spawn = ledger.spawnOf(task);
    const index = spawn && task - spawn.first;
    const fingerprint = fingerprints.of(spawn?.map ?? task, index);
    const owner = spawn === undefined ? {} : { parent: plan.nameOf(spawn.map), index };
    this.#completed(taskName(plan.graph, ledger, task), {
      at,
      fingerprint,
      output,
      ...made,
      ...owner,
    });
  }

  #completed(task: string, entry: Omit<JournalEntry, "type"> & { readonly at: number }): void {
    this.#tell(`task "${task}"`, { type: "completed", task, ...entry });
  }

  #tell(what: string, entry: JournalEntry): void {
    let answer: unknown;
    try {
      answer = this.#journal({ ...entry, runId: this.#run.runId });
      if (isThenable(answer)) throw new TypeError(PROMISE);
    } catch (error) {
      this.#failed = true;
      // Nobody waits for it, and its rejection is nobody's.
      if (isThenable(answer)) Promise.resolve(answer).catch(() => {});
      const message = `The journal failed at ${what}: ${summarizeError(error)}`;
      throw frameless(new JournalError(message, { cause: error }));
    }
  }
}

const PROMISE =
  "it returned a promise, but an entry counts as stored when the journal returns: store it synchronously";

function isThenable(value: unknown): boolean {
  try {
    return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
  } catch {
    return false; // A getter of the user; what it hides cannot be waited for either.
  }
}
