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
} from "../machine/event.ts";
import type { Machine } from "../machine/machine.ts";
import type { StopCause } from "../machine/reason.ts";
import { taskName } from "../machine/task-name.ts";
import type { Fingerprints } from "../report/fingerprint.ts";
import { Lineage, type NextFlow } from "../report/lineage.ts";
import { Basis, NO_ORIGINS, type Origin, type Origins, runDigest } from "../report/origin.ts";
import type { RunFacts } from "../report/run-record.ts";
import { Restoration } from "../resume/restore.ts";
import type { ExecuteSettings } from "./execution.ts";
import type { Notifier } from "./notify.ts";
import { RunOrigins, whenAsked } from "./origins.ts";
import type { Parameters } from "./parameters.ts";
import type { Things } from "./things.ts";
import type { Values } from "./values.ts";
import { JournalWriter } from "./write-journal.ts";

/** What it needs of the driver. */
export interface StoredHost {
  readonly runId: string;
  readonly machine: Machine;
  readonly values: Values;
  readonly things: Pick<Things, "live" | "unheard">;
  readonly notifier: Notifier | undefined;
  now(): number;
  /** Milliseconds since the Unix epoch. */
  wallNow(): number;
  /** Sends an event from wherever that is called. */
  answer(event: MachineEvent): void;
}

const NONE: readonly never[] = [];
const NOTHING: Pick<InnerFlow, "restored" | "unneeded"> = {};

export class Stored {
  readonly #host: StoredHost;
  readonly #settings: ExecuteSettings;
  readonly #fingerprints: Fingerprints;
  /** There once the run has begun, where something is stored or restored as it goes. */
  #origins: RunOrigins | undefined;
  /** For the report. */
  #told: Origins = NO_ORIGINS;
  #restored: Restoration | undefined;
  #journal: JournalWriter | undefined;
  readonly #unstored: { task: string; why: string }[] = [];

  constructor(host: StoredHost, settings: ExecuteSettings, fingerprints: Fingerprints) {
    this.#host = host;
    this.#settings = settings;
    this.#fingerprints = fingerprints;
  }

  /**
   * Judges what an earlier run left, and tells the journal. Throws a `JournalError` when an entry was not stored; a promise
   * where that takes its time.
   */
  begin(params: Parameters): Promise<void> | undefined {
    const { runId, machine, values } = this.#host;
    const { anchor, options, earlier } = this.#settings;
    const { journal } = options;
    const { plan } = machine;
    const lineage = new Lineage(plan.graph, machine.ledger);
    const listOf = (map: number): readonly unknown[] | undefined => values.listOf(map);
    const made = (basis: Basis): RunOrigins =>
      new RunOrigins(runDigest(runId, anchor.epochMs), basis, machine, listOf);
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
    this.#journal = new JournalWriter(journal, {
      runId,
      machine,
      fingerprints: this.#fingerprints,
      origins,
      broken: (error) => this.#broken(error),
    });
    for (const task of plan.order) origins.look(task);
    this.#journal.begin(this.#restored, this.#host.wallNow());
    return this.pending;
  }

  /** Hands out what is restored, by task, and what need not start for that; nothing without an earlier run. */
  restore(): Pick<BeginEvent, "restored" | "unneeded"> {
    if (this.#restored === undefined) return {};
    const outputs = new Map<number, unknown>();
    for (const [task, { value, origin }] of this.#restored.outputs) {
      this.#host.values.set(task, value);
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
    this.#journal?.moved(map, standing, list.length, this.#host.wallNow());
    for (const [index, { value, origin }] of standing) {
      outputs.set(index, value);
      origins.set(index, origin);
    }
    if (origins.size > 0) this.#origins?.keepItems(map, origins);
    return outputs;
  }

  /**
   * Of all that the journal was told by now, where that is still being stored. Rejected with a `JournalError`; the run has
   * been stopped then.
   */
  get pending(): Promise<void> | undefined {
    return this.#journal?.pending;
  }

  /** A result of the cache counts as one of this run. Throws a `JournalError` when it was not stored. */
  found(task: number, value: unknown): void {
    this.#completed(task, value);
    this.#host.values.set(task, value);
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
      this.#journal.completedItem(map, { index, value, origin }, this.#host.wallNow());
    }
  }

  /** The dependency of a map that gave no result: a thing, which was made anew. */
  #withoutResult(map: number): number | undefined {
    const { plan, ledger } = this.#host.machine;
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
    this.#origins?.keepNext(this.#host.machine.ledger.tasks, next.graph.size, origins);
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
    if (!this.#host.machine.mayComplete(task)) return event;
    try {
      this.#completed(task, value);
    } catch (error) {
      return { type: "threw", task, at, error, facts, stops: journalFailure(error) };
    }
    this.#host.values.set(task, value);
    const pending = this.pending;
    if (pending === undefined) return event;
    this.#storing(pending, task, at, () => {
      const { things } = this.#host;
      if (things.live(task)) things.unheard(task, value);
    });
    return { ...event, storing: true };
  }

  /** Sends what came of a result that is being stored; `lost` is called before that when it was not. */
  #storing(pending: Promise<void>, task: number, since: number, lost?: () => void): void {
    const told = (failure?: { readonly error: unknown }): void => {
      const at = this.#host.now();
      this.#host.answer({ type: "gathered", task, at, journalMs: at - since, ...failure });
    };
    pending.then(
      () => told(),
      (error: unknown) => {
        this.#host.values.set(task, undefined);
        lost?.();
        told({ error });
      },
    );
  }

  /** The run stops at once: nothing more begins, and nothing more completes as if it were stored. A settled run has stopped. */
  #broken(error: JournalError): void {
    if (this.#host.machine.state !== undefined) return;
    this.#host.answer({ type: "stop", at: this.#host.now(), cause: journalFailure(error) });
  }

  /** A fallback gave a value: it is kept, and not stored, so that the task runs again when the run is taken up. */
  fellBack(event: FellBackEvent): void {
    if ("value" in event) this.#host.values.set(event.task, event.value);
  }

  /**
   * The answer to `gather`, when the result is there: one whose result was not stored has failed. One that is made of
   * failures is not stored. `pending` while the journal stores it: another one follows.
   */
  gathered(task: number, output: unknown, at: number): GatheredEvent {
    const event = { type: "gathered", task, at } as const;
    if (!this.#host.machine.ledger.stands(task)) return event;
    try {
      this.#completed(task, output);
    } catch (error) {
      this.#host.values.set(task, undefined);
      return { ...event, error, stops: journalFailure(error) };
    }
    const pending = this.pending;
    if (pending === undefined) return event;
    this.#storing(pending, task, at);
    return { ...event, pending: true };
  }

  /** What the journal will be told when this is the result. Throws when there is none, and what has no encoding. */
  entryOf(task: number, value: unknown): JournalEntry {
    const { machine } = this.#host;
    const entry = this.#journal?.entryOf(task, value, this.#host.wallNow());
    if (entry !== undefined) return entry;
    const name = taskName(machine.plan.graph, machine.ledger, task);
    throw new Error(`Task "${name}" asks for its journal entry, and its run has no journal`);
  }

  /** Throws a `JournalError` when that was not stored. */
  #completed(task: number, output: unknown): void {
    const { machine, notifier } = this.#host;
    const why = this.#journal?.completed(task, output, this.#host.wallNow());
    if (why === undefined) return;
    this.#unstored.push({ task: taskName(machine.plan.graph, machine.ledger, task), why });
    notifier?.unstored(task, why, this.#host.now());
  }

  get #resume(): RunFacts["resume"] {
    const summary = this.#restored?.summary;
    if (this.#unstored.length === 0) return summary;
    const nothing = { restored: [], ignored: [], rerun: [] };
    return { ...(summary ?? nothing), unstored: [...this.#unstored] };
  }

  /** For the report. */
  get facts(): Pick<RunFacts, "resume" | "origins" | "carried"> {
    const { ledger } = this.#host.machine;
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
