/**
 * What the run machine says to a change of the run on the page: the figures, and when every attempt would have been. Runs where
 * it is called, in a worker or beside the document; knows neither.
 */
import { type Change, type WhatIf, whatIf } from "@astrum/core/whatif";
import type { PageData } from "../src/html/page-data.ts";
import { namesOf, runAgain } from "./run-again.ts";

export interface Answer {
  readonly makespanUs: number;
  /** Against the run simulated unchanged; below 0 when it would have taken longer. */
  readonly savedUs: number;
  readonly boundBy: WhatIf["asRun"]["boundBy"];
  /** How many tasks would have run of which nobody knows how long they take. */
  readonly unmeasured: number;
  /** The run simulated unchanged, and how far that is from what was measured. */
  readonly asRunUs: number;
  readonly errorUs: number;
  /** The attempts that it would have had, in the order of their starts. */
  readonly attempts: SimulatedBars;
}

/** Columns: a task by its place, an instant in microseconds. */
export interface SimulatedBars {
  readonly task: Int32Array<ArrayBuffer>;
  readonly slot: Int32Array<ArrayBuffer>;
  readonly startUs: Float64Array<ArrayBuffer>;
  readonly endUs: Float64Array<ArrayBuffer>;
}

/** Asks of one run, whose report is read once. */
export class Answering {
  readonly #study: WhatIf;
  readonly #places: ReadonlyMap<string, number>;
  readonly #boundMs: number;

  /** Throws for data without the facts that a simulation needs. */
  constructor(data: PageData) {
    const { study } = data;
    const report = runAgain(data);
    if (study === undefined || report === undefined) throw new Error("The page has no such facts.");
    this.#study = whatIf(report);
    this.#places = new Map(namesOf(data, study).map((name, place) => [name, place]));
    this.#boundMs = study.boundUs / 1000;
  }

  answer(change: Change): Answer {
    const { asRun } = this.#study;
    const { makespanMs, savedMs, boundBy, unmeasured, attempts } = this.#study.ask(change);
    const unchanged = Object.keys(change).length === 0;
    // Neither capacity nor order beats the longest chain, however far the simulation is off.
    const bounded = !unchanged && change.mapConcurrency === undefined && !change.noFailures;
    const leastMs = bounded ? this.#boundMs : 0;
    const mostMs = bounded ? asRun.measuredMs - this.#boundMs : Number.POSITIVE_INFINITY;
    return {
      makespanUs: us(Math.max(makespanMs, leastMs)),
      savedUs: us(Math.min(savedMs, mostMs)),
      boundBy,
      unmeasured: unmeasured.length,
      asRunUs: us(asRun.makespanMs),
      errorUs: us(asRun.errorMs),
      attempts: {
        task: Int32Array.from(attempts, ({ taskName }) => this.#places.get(taskName) ?? -1),
        slot: Int32Array.from(attempts, ({ slot }) => slot),
        startUs: Float64Array.from(attempts, ({ startAt }) => us(startAt)),
        endUs: Float64Array.from(attempts, ({ startAt, endAt }) => us(endAt ?? startAt)),
      },
    };
  }
}

function us(ms: number): number {
  return Math.round(ms * 1000);
}
