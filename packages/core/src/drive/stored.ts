/**
 * What one run takes over from an earlier one, and what it leaves for a later one: restored results, the entries that a
 * journal is told, what each output was made from. Knows values and digests; starts nothing and decides nothing.
 */
import type { JournalEntry } from "../define/journal-entry.ts";
import type { JournalError } from "../ground/errors.ts";
import type {
  BeginEvent,
  FellBackEvent,
  GatheredEvent,
  InnerFlow,
  MachineEvent,
  ReturnedEvent,
  StopCause,
} from "../machine/event.ts";
import type { Machine } from "../machine/machine.ts";
import { taskName } from "../machine/task-name.ts";
import type { Fingerprints } from "../report/fingerprint.ts";
import { Lineage, type NextFlow } from "../report/lineage.ts";
import { Basis, NO_ORIGINS, type Origin, type Origins, runDigest } from "../report/origin.ts";
import type { RunFacts } from "../report/run-record.ts";
import type { Earlier } from "../resume/earlier.ts";
import type { Journal } from "../resume/journal.ts";
import { Restoration } from "../resume/restore.ts";
import { RunOrigins, whenAsked } from "./origins.ts";
import type { Parameters } from "./parameters.ts";
import type { Values } from "./values.ts";
import { JournalWriter } from "./write-journal.ts";

interface StoringRun {
  readonly runId: string;
  /** The wall clock at its start, and now. */
  readonly epochMs: number;
  readonly wallNow: () => number;
  readonly machine: Machine;
  readonly values: Values;
  readonly fingerprints: Fingerprints;
  readonly journal: Journal | undefined;
  readonly earlier: Earlier | undefined;
  /** Whether the run can wait for a journal that stores an entry later. */
  readonly waits: boolean;
  readonly now: () => number;
  /** Sends what came of that. */
  readonly send: (event: MachineEvent) => void;
  /** Told of a value that was not stored in the end. */
  readonly unheard: (task: number, value: unknown) => void;
  /** Told of an output that has no encoding, and why. */
  readonly unstored: (task: number, why: string) => void;
}

const NONE: readonly never[] = [];
const NOTHING: Pick<InnerFlow, "restored" | "unneeded"> = {};

export class Stored {
  readonly #run: StoringRun;
  /** There once the run has begun, where something is stored or restored as it goes. */
  #origins: RunOrigins | undefined;
  /** For the report. */
  #told: Origins = NO_ORIGINS;
  #restored: Restoration | undefined;
  #journal: JournalWriter | undefined;
  readonly #unstored: { task: string; why: string }[] = [];

  constructor(run: StoringRun) {
    this.#run = run;
  }

  /**
   * Judges what an earlier run left, and tells the journal. Throws a `JournalError` when an entry was not stored; a promise
   * where that takes its time.
   */
  begin(params: Parameters): Promise<void> | undefined {
    const { runId, epochMs, machine, values, fingerprints, journal, earlier } = this.#run;
    const { plan } = machine;
    const lineage = new Lineage(plan.graph, machine.ledger);
    const listOf = (map: number): readonly unknown[] | undefined => values.listOf(map);
    const made = (basis: Basis): RunOrigins =>
      new RunOrigins(runDigest(runId, epochMs), basis, machine, listOf);
    if (journal === undefined && earlier === undefined) {
      this.#told = whenAsked(() => made(new Basis(lineage, params)));
      return undefined;
    }
    const basis = new Basis(lineage, params);
    if (earlier !== undefined) this.#restored = new Restoration(plan, earlier, basis);
    const origins = made(basis);
    this.#origins = origins;
    this.#told = origins;
    if (journal === undefined) return undefined;
    const { waits } = this.#run;
    this.#journal = new JournalWriter(journal, { runId, machine, fingerprints, origins, waits });
    for (const task of plan.order) origins.look(task);
    this.#journal.begin(this.#restored, this.#run.wallNow());
    return this.#journal.pending;
  }

  /** Hands out what is restored, by task, and what need not start for that; nothing without an earlier run. */
  restore(): Pick<BeginEvent, "restored" | "unneeded"> {
    if (this.#restored === undefined) return {};
    const outputs = new Map<number, unknown>();
    for (const [task, { value, origin }] of this.#restored.outputs) {
      this.#run.values.set(task, value);
      this.#origins?.keep(task, origin);
      outputs.set(task, value);
    }
    const { unneeded } = this.#restored;
    return unneeded.length === 0 ? { restored: outputs } : { restored: outputs, unneeded };
  }

  /**
   * Hands out what is restored of a map's items, by index, now that its list and their keys are known. Throws a
   * `JournalError` when an item that stands at another place than before is not stored there.
   */
  restoreItems(
    map: number,
    list: readonly unknown[],
    keys: readonly string[] | undefined,
  ): ReadonlyMap<number, unknown> {
    const outputs = new Map<number, unknown>();
    const origins = new Map<number, Origin>();
    const standing = this.#restored?.items(map, list, keys, this.#withoutResult(map));
    if (standing === undefined) return outputs;
    this.#journal?.moved(map, standing, list.length, this.#run.wallNow());
    for (const [index, { value, origin }] of standing) {
      outputs.set(index, value);
      origins.set(index, origin);
    }
    if (origins.size > 0) this.#origins?.keepItems(map, origins);
    return outputs;
  }

  /**
   * A result of the cache counts as one of this run. Throws a `JournalError` when it was not stored; a promise where that
   * takes its time.
   */
  found(task: number, value: unknown): Promise<void> | undefined {
    this.#completed(task, value);
    this.#run.values.set(task, value);
    return this.#journal?.pending;
  }

  /** Likewise for items of a map, by index, before they are rows. */
  foundItems(
    map: number,
    found: ReadonlyMap<number, unknown>,
    list: readonly unknown[],
    keys: readonly string[] | undefined,
  ): void {
    if (this.#journal === undefined) return;
    for (const [index, value] of found) {
      const origin = this.#origins?.ofItem(map, index, list[index], keys?.[index]);
      this.#journal.completedItem(map, { index, value, origin }, this.#run.wallNow());
    }
  }

  /** The dependency of a map that gave no result: a thing, which was made anew. */
  #withoutResult(map: number): number | undefined {
    const { plan, ledger } = this.#run.machine;
    const graph = ledger.grown ?? plan.graph;
    if (!graph.lives) return undefined;
    const { start, end } = graph.dependencies;
    return end
      .subarray(start[map], start[map + 1])
      .find((dependency) => !(ledger.hasValue(dependency) && ledger.stands(dependency)));
  }

  /** Likewise of the tasks of a flow that is about to come up inside of a task, by index. */
  restoreInside(next: NextFlow): Pick<InnerFlow, "restored" | "unneeded"> {
    if (this.#restored === undefined) return NOTHING;
    const outputs = new Map<number, unknown>();
    const origins = new Map<number, Origin>();
    const { standing, unneeded } = this.#restored.inside(next);
    for (const [index, { value, origin }] of standing) {
      outputs.set(index, value);
      origins.set(index, origin);
    }
    this.#origins?.keepNext(this.#run.machine.ledger.tasks, next.graph.size, origins);
    const restored = outputs.size === 0 ? {} : { restored: outputs };
    return unneeded.length === 0 ? restored : { ...restored, unneeded };
  }

  /** A task or item is called for the first time: its function may change what it is given. */
  called(task: number): void {
    // What comes up inside of it is compared with what it was given, too.
    this.#origins?.look(task);
  }

  /**
   * Keeps the output of a task or item that completes. It does not complete when the journal fails, nor before that has
   * stored it.
   */
  kept(event: ReturnedEvent): MachineEvent {
    const { task, at, value, facts } = event;
    if (!this.#run.machine.mayComplete(task)) return event;
    try {
      this.#completed(task, value);
    } catch (error) {
      return { type: "threw", task, at, error, facts, stops: journalFailure(error) };
    }
    this.#run.values.set(task, value);
    const pending = this.#journal?.pending;
    if (pending === undefined) return event;
    this.#storing(pending, task, at, (failed) => {
      if (failed) this.#run.unheard(task, value);
    });
    return { ...event, storing: true };
  }

  /** Sends what came of a result that is being stored. */
  #storing(
    pending: Promise<void>,
    task: number,
    since: number,
    ended: (failed: boolean) => void = () => {},
  ): void {
    const { now, send, values } = this.#run;
    const told = (failure: { readonly error: unknown; readonly stops: StopCause } | undefined) => {
      if (failure !== undefined) values.set(task, undefined);
      ended(failure !== undefined);
      const at = now();
      send({ type: "gathered", task, at, journalMs: at - since, ...failure });
    };
    pending.then(
      () => told(undefined),
      (error: unknown) => told({ error, stops: journalFailure(error) }),
    );
  }

  /** A fallback gave a value: it is kept, and not stored, so that the task runs again when the run is taken up. */
  fellBack(event: FellBackEvent): void {
    if ("value" in event) this.#run.values.set(event.task, event.value);
  }

  /**
   * The answer to `gather`, when the result is there: one whose result was not stored has failed. One that is made of
   * failures is not stored. `pending` while the journal stores it: another one follows.
   */
  gathered(task: number, output: unknown, at: number): GatheredEvent {
    const event = { type: "gathered", task, at } as const;
    if (!this.#run.machine.ledger.stands(task)) return event;
    try {
      this.#completed(task, output);
    } catch (error) {
      this.#run.values.set(task, undefined);
      return { ...event, error, stops: journalFailure(error) };
    }
    const pending = this.#journal?.pending;
    if (pending === undefined) return event;
    this.#storing(pending, task, at);
    return { ...event, pending: true };
  }

  /** What the journal will be told when this is the result. Throws when there is none, and what has no encoding. */
  entryOf(task: number, value: unknown): JournalEntry {
    const { machine, wallNow } = this.#run;
    const entry = this.#journal?.entryOf(task, value, wallNow());
    if (entry !== undefined) return entry;
    const name = taskName(machine.plan.graph, machine.ledger, task);
    throw new Error(`Task "${name}" asks for its journal entry, and its run has no journal`);
  }

  /** Throws a `JournalError` when that was not stored. */
  #completed(task: number, output: unknown): void {
    const { machine, wallNow, unstored } = this.#run;
    const why = this.#journal?.completed(task, output, wallNow());
    if (why === undefined) return;
    this.#unstored.push({ task: taskName(machine.plan.graph, machine.ledger, task), why });
    unstored(task, why);
  }

  get #resume(): RunFacts["resume"] {
    const summary = this.#restored?.summary;
    if (this.#unstored.length === 0) return summary;
    const nothing = { restored: [], ignored: [], rerun: [] };
    return { ...(summary ?? nothing), unstored: [...this.#unstored] };
  }

  /** For the report. */
  get facts(): Pick<RunFacts, "resume" | "origins" | "carried"> {
    const { ledger } = this.#run.machine;
    const listed = (map: number): boolean => ledger.spawns.in(map) !== undefined;
    const over = (task: number): boolean => ledger.hasValue(task);
    return {
      resume: this.#resume,
      origins: this.#told,
      carried:
        this.#restored === undefined ? NONE : Array.from(this.#restored.unjudged(listed, over)),
    };
  }
}

/** Why the run stops, in the words of the machine: the journal's own error. */
export function journalFailure(error: unknown): StopCause {
  return { kind: "journal", error: (error as JournalError).cause };
}
