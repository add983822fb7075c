/**
 * What docs/guarantees.md promises of a journal, held against one random run: which entries it is told, when, and what its
 * failure means. Throws with what was broken.
 */
import type { JournalEntry, SerializedReport } from "../src/index.ts";
import type { VirtualClock } from "../src/testing.ts";
import { hold } from "./hold.ts";
import { type RandomGraph, type RandomRun, writtenAs } from "./random-graph.ts";
import { byName } from "./report-rows.ts";

/** A journal that stores so many entries and then fails; and what it promises. */
export class WatchedJournal {
  readonly #spec: RandomRun;
  readonly #graph: RandomGraph;
  readonly #clock: VirtualClock;
  /** When each task or item was stored, among all that was seen. */
  readonly #told: Map<string, number> = new Map();
  #entries = 0;
  /** Entries that are being stored. */
  #open = 0;
  #broke = Number.POSITIVE_INFINITY;
  #atTail = false;
  /** What is wrong with how it is told. Thrown there, it would be the journal that failed. */
  #wrong: string | undefined;

  constructor(spec: RandomRun, graph: RandomGraph, clock: VirtualClock) {
    this.#spec = spec;
    this.#graph = graph;
    this.#clock = clock;
  }

  readonly journal = (entry: JournalEntry): unknown => {
    const { journalTakes } = this.#spec;
    if (this.#broke < Infinity) this.#wrong = `${entry.task} is told to a journal that failed`;
    if (this.#open > 0) this.#wrong = `${entry.task} is told while another one is stored`;
    const ms = journalTakes[this.#entries++ % journalTakes.length] as number;
    if (ms < 0) return this.#store(entry);
    this.#open++;
    const stored = (ms === 0 ? Promise.resolve() : this.#clock.wait(ms)).then(() => {
      this.#open--;
      this.#store(entry);
    });
    return stored;
  };

  #store({ type, task }: JournalEntry): void {
    const { journalBreaksAt = 0 } = this.#spec;
    const at = this.#graph.tick();
    if (type === "completed") this.#told.set(String(task), at);
    if (this.#told.size + (type === "started" ? 1 : 0) <= journalBreaksAt) return;
    this.#told.delete(String(task));
    this.#broke = at;
    // The run may have settled before its tail.
    this.#atTail = this.#graph.tails.has(String(task).split("[")[0] as string);
    throw new Error("the disk is full");
  }

  /** `report` is one of a run that has just settled. */
  kept(report: SerializedReport): void {
    const spec = this.#spec;
    const { executionState, taskStatistics } = report;
    const broke = this.#broke < Number.POSITIVE_INFINITY;
    hold("a journal is told one entry at a time, until it fails", !this.#wrong, this.#wrong);
    hold(
      "a journal that fails fails the run",
      !broke || this.#atTail || executionState !== "completed",
    );
    for (const { task, declared, startedAt } of this.#graph.seen) {
      if (this.#graph.finallyTasks.has(declared)) continue;
      hold("nothing starts after the journal failed", startedAt < this.#broke, task);
    }
    if (this.#told.size === 0) return;
    const named = byName(report);
    // A map of which an item did not end well is to be looked at again by a later run. What is detached may yet end well.
    const endWell = ["completed", "restored", "detached"];
    const halfDone = new Set(
      taskStatistics.filter(({ status }) => !endWell.includes(status)).map(({ parent }) => parent),
    );
    for (const { task, declared, startedAt } of this.#graph.seen) {
      for (const { task: source } of named.get(declared)?.dependencies ?? []) {
        const { status, fallback } = named.get(source) ?? {};
        if (status !== "completed" || fallback || halfDone.has(source)) continue;
        const spared = writtenAs(spec, source)?.uninterruptible === true;
        if (broke && (spared || this.#graph.finallyTasks.has(source))) continue;
        const stored = (this.#told.get(source) ?? Number.POSITIVE_INFINITY) < startedAt;
        hold("what it needs was stored before", stored, task, source);
      }
    }
    for (const { taskName, status, role, fallback, parent } of taskStatistics) {
      const spared = writtenAs(spec, parent ?? taskName)?.uninterruptible;
      if (broke && (role === "finally" || spared)) continue;
      const stored = this.#told.has(taskName);
      const done = status === "completed" && !fallback && !halfDone.has(taskName);
      hold("what completed was stored", !done || stored, taskName);
      hold("what is half done was not stored", !halfDone.has(taskName) || !stored, taskName);
      hold("what a fallback gave was not", !fallback || !stored, taskName);
    }
  }
}
