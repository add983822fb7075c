/**
 * What a journal is told of a run, one entry after the other, and what it answers: it has stored an entry when it returns,
 * or when the promise that it returns resolves.
 */

import { lives } from "../define/definition.ts";
import { itemName, itemNamed } from "../define/item-name.ts";
import type { JournalEntry } from "../define/journal-entry.ts";
import { type EncodedValue, encodeLiving, encodeValue } from "../ground/encode.ts";
import { frameless, JournalError } from "../ground/errors.ts";
import { summarizeError } from "../ground/summarize-error.ts";
import type { Machine } from "../machine/machine.ts";
import { definitionIn, parentOf, taskName } from "../machine/task-name.ts";
import type { Fingerprints } from "../report/fingerprint.ts";
import type { Origin, Origins } from "../report/origin.ts";
import type { Journal } from "../resume/journal.ts";
import type { Restoration, TakenItem } from "../resume/restore.ts";

/** What it is told about. */
export interface JournaledRun {
  readonly runId: string;
  readonly machine: Machine;
  readonly fingerprints: Fingerprints;
  readonly origins: Origins;
  /** Told once, with the `JournalError`, in the moment in which a promise says that an entry was not stored. */
  readonly broken: (error: JournalError) => void;
}

/** An entry in the making. */
interface Told {
  readonly type: string;
  readonly at: number;
  [field: string]: unknown;
}

/** A result: of a task, or of the item of a map with that index. */
interface Done {
  readonly at: number;
  readonly task: number;
  readonly index: number | undefined;
  readonly output: EncodedValue;
  readonly origin: Origin | undefined;
}

export class JournalWriter {
  readonly #journal: Journal;
  readonly #run: JournaledRun;
  #failed = false;
  #pending: Promise<void> | undefined;

  constructor(journal: Journal, run: JournaledRun) {
    this.#journal = journal;
    this.#run = run;
  }

  /**
   * Of the last entry that was told, while it is being stored, and of those before it. Rejected with a `JournalError`. Once
   * one has failed there is none: what goes on then is told nothing and waits for nothing.
   */
  get pending(): Promise<void> | undefined {
    return this.#failed ? undefined : this.#pending;
  }

  /**
   * Of the run, and of what it restores, so that its own entries are enough to take it up again. Throws a `JournalError`
   * at the first entry that is not stored. `at` is the wall clock's time of an entry.
   */
  begin(restored: Restoration | undefined, at: number): void {
    const { plan } = this.#run.machine;
    const entry: Told = { type: "started", at, flow: plan.graph.name };
    if (restored?.runId !== undefined) entry.resumes = restored.runId;
    this.#tell("the start of the run", entry);
    if (restored === undefined) return;
    for (const [task, { output, origin }] of restored.outputs) {
      this.#completed(plan.nameOf(task), { at, task, index: undefined, output, origin });
    }
    for (const { name, task, index, output, origin, inside } of restored.unjudged()) {
      if (inside) this.#carried(name, output, origin, at);
      else this.#completed(name, { at, task, index, output, origin });
    }
  }

  /**
   * Of a task or item that completes; throws a `JournalError` when that is not stored. After one that was not it is told
   * nothing more: what goes on then are finally tasks. Why its output has no encoding, if it has none and should.
   */
  completed(task: number, value: unknown, at: number): string | undefined {
    if (this.#failed) return undefined;
    const { name, done, living } = this.#result(task, value, at);
    this.#completed(name, done);
    if (living || done.output.encoding !== "omitted") return undefined;
    return done.output.detail ?? done.output.why;
  }

  /** The entry that `completed` would tell. Throws a `TypeError` for what has no encoding. */
  entryOf(task: number, value: unknown, at: number): JournalEntry {
    const { name, done } = this.#result(task, value, at);
    const { output } = done;
    if (output.encoding === "omitted") {
      const why = output.detail ?? output.why;
      throw new TypeError(`The output of task "${name}" cannot be stored: ${why}`);
    }
    return { ...this.#entry(name, done), runId: this.#run.runId };
  }

  #result(
    task: number,
    value: unknown,
    at: number,
  ): { readonly name: string; readonly done: Done; readonly living: boolean } {
    const { machine, origins } = this.#run;
    const { plan, ledger } = machine;
    const living = lives(definitionIn(plan.graph, ledger, ledger.writtenOf(task)));
    const output = living ? encodeLiving(value) : encodeValue(value);
    const origin = output.encoding === "omitted" ? undefined : origins.of(task);
    const items = ledger.itemsOf(task);
    const index = items && task - items.first;
    const done = { at, task: items?.owner ?? task, index, output, origin };
    return { name: taskName(plan.graph, ledger, task), done, living };
  }

  /** Of an item that completes before it is a row. */
  completedItem(
    map: number,
    item: { readonly index: number; readonly value: unknown; readonly origin: Origin | undefined },
    at: number,
  ): void {
    const { index, value, origin } = item;
    const { plan, ledger } = this.#run.machine;
    const output = encodeValue(value);
    const done = { at, task: map, index, output, origin };
    this.#completed(itemName(taskName(plan.graph, ledger, map), index), done);
  }

  /**
   * Of restored items of a map that stood at another place in its list before. What is told of a place takes that of what
   * stood there: so they are told first at places where nothing stands, and at no instant is any of them only in memory.
   */
  moved(map: number, items: ReadonlyMap<number, TakenItem>, count: number, at: number): void {
    const { plan, ledger } = this.#run.machine;
    const name = taskName(plan.graph, ledger, map);
    const moved = [...items].filter(([index, { before }]) => index !== before);
    let free = count;
    for (const { before } of items.values()) free = Math.max(free, before + 1);
    for (const place of [() => free++, (index: number) => index]) {
      for (const [index, { output, origin }] of moved) {
        const done = { at, task: map, index: place(index), output, origin };
        this.#completed(itemName(name, done.index), done);
      }
    }
  }

  /** Of what may come up again inside of a task: nobody knows yet what it will be. */
  #carried(name: string, output: EncodedValue, origin: Origin, at: number): void {
    const item = itemNamed(name);
    const parent = item?.map ?? name.slice(0, name.lastIndexOf("."));
    const fingerprint = "";
    const entry: Told = { type: "completed", task: name, at, fingerprint, output, origin, parent };
    if (item !== undefined) entry.index = item.index;
    this.#tell(`task "${name}"`, entry);
  }

  #completed(name: string, done: Done): void {
    this.#tell(`task "${name}"`, this.#entry(name, done));
  }

  #entry(name: string, { at, task, index, output, origin }: Done): Told {
    const { machine, fingerprints } = this.#run;
    const fingerprint = fingerprints.of(task, index);
    // Field by field: copies of it, made on the way, took longer than all else that is done for an item.
    const entry: Told = { type: "completed", task: name, at, fingerprint, output };
    if (origin !== undefined) entry.origin = origin;
    const { ledger, plan } = machine;
    const parent = index === undefined ? parentOf(ledger, task) : task;
    if (parent !== undefined) entry.parent = taskName(plan.graph, ledger, parent);
    if (index !== undefined) entry.index = index;
    return entry;
  }

  /**
   * Throws a `JournalError`, or makes a promise that is rejected with one, when the entry is not stored. After one that was
   * not, nothing is told.
   */
  #tell(what: string, entry: Told): void {
    if (this.#failed) return;
    entry.runId = this.#run.runId;
    if (this.#pending !== undefined) {
      this.#wait(
        this.#pending.then(() => this.#journal(entry)),
        what,
      );
      return;
    }
    let answer: unknown;
    try {
      answer = this.#journal(entry);
      if (!isThenable(answer)) return;
    } catch (error) {
      throw this.#failure(what, error);
    }
    this.#wait(Promise.resolve(answer), what);
  }

  #wait(answer: Promise<unknown>, what: string): void {
    const stored = answer.then(
      () => {
        if (this.#pending === stored) this.#pending = undefined;
      },
      (error: unknown) => {
        // One before it has failed: it was not told.
        if (this.#failed) throw error;
        const failure = this.#failure(what, error);
        this.#run.broken(failure);
        throw failure;
      },
    );
    // Whoever waits for it is told; that nobody does is no fault of the process.
    stored.catch(() => {});
    this.#pending = stored;
  }

  #failure(what: string, error: unknown): JournalError {
    this.#failed = true;
    const message = `The journal failed at ${what}: ${summarizeError(error)}`;
    return frameless(new JournalError(message, { cause: error }));
  }
}

function isThenable(value: unknown): boolean {
  try {
    return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
  } catch {
    return false; // A getter of the user; what it hides cannot be waited for either.
  }
}
