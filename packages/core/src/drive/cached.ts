/**
 * The cache of one run: results that are there before an attempt, attempts that are shared with other runs of the process,
 * results that are kept. Nothing that a store does reaches the run: what it throws is a miss. Decides nothing.
 */
import type { CacheStore } from "../contract/cache.ts";
import type { Definition } from "../define/definition.ts";
import type { CacheOptions, ItemCacheOptions } from "../define/task-options.ts";
import { decodeValue } from "../ground/decode.ts";
import { encodeValue } from "../ground/encode.ts";
import { serializeError } from "../ground/serialize-error.ts";
import { summarizeError } from "../ground/summarize-error.ts";
import type { PreparedEvent } from "../machine/event.ts";
import type { Machine } from "../machine/machine.ts";
import { Lineage } from "../report/lineage.ts";
import { Basis } from "../report/origin.ts";
import { entryKey, entryText, entryValue } from "../resume/cache-entry.ts";
import type { Call } from "./call.ts";
import { type Flight, Flights } from "./flights.ts";
import type { Faults } from "./hooks.ts";
import type { Prepared } from "./inputs.ts";
import { NO_PARAMETERS } from "./parameters.ts";
import { PatientStore } from "./patient-store.ts";
import { onAbort } from "./surroundings.ts";
import type { Values } from "./values.ts";

/** What it needs of the driver. */
export interface CacheHost {
  readonly machine: Machine;
  readonly values: Pick<Values, "wants">;
  readonly faults: Faults;
  /** Milliseconds since the Unix epoch. */
  wallNow(): number;
  after(ms: number, fire: () => void): () => void;
}

/** So many items ask the store at once. */
const AT_ONCE = 64;

/** A key that the store had nothing for. */
interface Miss {
  readonly key: string;
  /** What was over when the store was asked: its result was not there any more. */
  readonly before: Flight | undefined;
}

/** That of a task, or of an item of a map. */
interface Missed extends Miss {
  readonly ttlMs: number | undefined;
  /** It has not started yet. */
  waits: boolean;
  /** Of the attempt of its own; none where it got what is another's, which is kept by that. */
  flight: Flight | undefined;
}

export class Cached {
  readonly #store: PatientStore;
  readonly #host: CacheHost;
  readonly #basis: Basis;
  readonly #flights: Flights;
  /** By task; and by map, by index. */
  readonly #missed: Map<number, Missed> = new Map();
  readonly #missedItems: Map<number, Map<number, Missed>> = new Map();
  /** The run has: nobody is waited for who has not started. */
  #settled = false;

  constructor(store: CacheStore, host: CacheHost) {
    this.#host = host;
    this.#store = new PatientStore(store, {
      after: (ms, fire) => host.after(ms, fire),
      fault: (what, error) => this.#fault(what, error),
    });
    this.#flights = new Flights(store);
    const { plan, ledger } = host.machine;
    this.#basis = new Basis(new Lineage(plan.graph, ledger), NO_PARAMETERS);
  }

  /** The result of a task whose inputs are there. Rejects with what its `key` throws. */
  async find(
    task: number,
    { options }: Definition,
    { inputs }: Prepared,
  ): Promise<{ readonly value: unknown } | undefined> {
    const { key: ask, ttlMs } = (options?.cache ?? {}) as CacheOptions;
    const of = ask === undefined ? ["inputs", inputs] : ["key", await ask(inputs)];
    if (!this.#host.values.wants(task)) return undefined;
    const found = await this.#look(task, of);
    if (found === undefined || "value" in found) return found;
    this.#missed.set(task, this.#miss(found, ttlMs));
    return undefined;
  }

  /**
   * Results of items of a map, by index, but for those that are there already (`restored`). `failed` is told what its `key`
   * throws. No other item is asked for once its map has its status, by that or by anything else.
   */
  async findItems(
    map: number,
    { options, run }: Definition,
    { inputs, list = [] }: Prepared,
    { keys, restored }: Pick<PreparedEvent, "keys"> & Required<Pick<PreparedEvent, "restored">>,
    failed: (error: unknown) => void,
  ): Promise<Map<number, unknown>> {
    const { values } = this.#host;
    const { key: ask, ttlMs } = (options?.cache ?? {}) as ItemCacheOptions;
    const found = new Map<number, unknown>();
    const missed = new Map<number, Missed>();
    this.#missedItems.set(map, missed);
    const placed = keys === undefined && run.length !== 1;
    const look = async (index: number): Promise<void> => {
      const item = list[index];
      const of =
        ask === undefined
          ? ["item", item, inputs, placed ? index : (keys?.[index] ?? null)]
          : ["key", await ask(item, index)];
      if (!values.wants(map)) return;
      const hit = await this.#look(map, of);
      if (hit === undefined) return;
      if ("value" in hit) found.set(index, hit.value);
      else missed.set(index, this.#miss(hit, ttlMs));
    };
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < list.length && values.wants(map)) {
        const index = next++;
        if (!restored.has(index)) await look(index).catch(failed);
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, list.length) }, worker));
    return found;
  }

  /** What the store has, or that it has nothing; none of these where there is no key. */
  async #look(task: number, of: unknown): Promise<{ readonly value: unknown } | Miss | undefined> {
    const { name } = this.#host.machine.plan.graph;
    const made = entryKey(name, this.#basis.definition(task), of);
    if (typeof made === "string") {
      this.#fault(
        `Of task "${this.#nameOf(task)}" nothing is cached, since its key has no encoding: ${made}`,
      );
      return undefined;
    }
    const { key } = made;
    const before = this.#flights.before(key);
    // From here on, so that what another gets before the store has answered is not lost.
    this.#flights.expect(key);
    const text = await this.#store.get(key);
    const found = entryValue(text, this.#host.wallNow());
    if (found !== undefined) this.#flights.leave(key);
    return found ?? { key, before };
  }

  /** It is expected until it starts, or the run has settled. */
  #miss({ key, before }: Miss, ttlMs: number | undefined): Missed {
    const missed: Missed = { key, before, ttlMs, waits: true, flight: undefined };
    if (this.#settled) this.#starts(missed);
    return missed;
  }

  /** Calls the function of an attempt, or waits for one that another run, or another task, makes for the same key. */
  call(call: Call, run: () => unknown): unknown {
    const missed = this.#missedOf(call.task);
    return missed === undefined ? run() : this.#take(missed, call, run);
  }

  #take(missed: Missed, call: Call, run: () => unknown): unknown {
    const { key, before } = missed;
    const other = this.#flights.of(key, before, this.#host.wallNow());
    this.#starts(missed);
    missed.flight = undefined;
    return other === undefined
      ? this.#begin(missed, call, run)
      : this.#join(other, missed, call, run);
  }

  #begin(missed: Missed, call: Call, run: () => unknown): unknown {
    const { key } = missed;
    const result = run();
    const flight = this.#flights.begin(key, call, Promise.resolve(result));
    missed.flight = flight;
    const over = (): void => {
      // The next attempt may have begun.
      if (missed.flight === flight) missed.flight = undefined;
      // One that counts is being kept by now.
      if (flight.until === undefined) this.#flights.end(key, flight);
    };
    call.left = () => queueMicrotask(over);
    return result;
  }

  /** When that one is told to stop, whoever is first makes the next attempt, and the others wait for that. */
  #join(
    { attempt, result }: Flight,
    missed: Missed,
    call: Call,
    run: () => unknown,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let over = false;
      const callsOff: (() => void)[] = [];
      const end = (settle: () => void): void => {
        if (over) return;
        over = true;
        for (const callOff of callsOff) callOff();
        try {
          settle();
        } catch (error) {
          reject(error);
        }
      };
      const next = (): void => resolve(this.#take(missed, call, run));
      // Through promises, so that what follows runs in the context of this attempt, not of who aborts.
      const stopped = new Promise<void>((stop) => callsOff.push(onAbort(attempt.signal, stop)));
      const calledOff = new Promise<void>((stop) => callsOff.push(onAbort(call.signal, stop)));
      void calledOff.then(() => end(() => reject(call.signal.reason)));
      void stopped.then(() => end(next));
      result.then(
        (value) =>
          end(() => {
            const copy = attempt.asked ? undefined : decodeValue(encodeValue(value));
            if (copy !== undefined) resolve(copy.value);
            // Nobody can have what has no encoding but who made it.
            else if (attempt.asked) next();
            else resolve(this.#begin(missed, call, run));
          }),
        (error: unknown) => end(() => (attempt.asked ? next() : reject(error))),
      );
    });
  }

  /** A result that counts is kept, while the run goes on. */
  keep(task: number, value: unknown): void {
    const missed = this.#missedOf(task);
    const flight = missed?.flight;
    if (missed === undefined || flight === undefined) return;
    const output = encodeValue(value);
    if (output.encoding === "omitted") {
      const why = output.detail ?? output.why;
      this.#fault(
        `The output of task "${this.#nameOf(task)}" is not cached, since it has no encoding: ${why}`,
      );
      return;
    }
    const { key, ttlMs } = missed;
    const now = this.#host.wallNow();
    flight.until = ttlMs === undefined ? Number.POSITIVE_INFINITY : now + ttlMs;
    const kept = this.#store.set(key, entryText(output, ttlMs, now), ttlMs);
    void kept.then(() => this.#flights.end(key, flight));
  }

  /** The run has settled. What is still being kept is waited for; nothing if there is none. */
  settled(): Promise<void> | undefined {
    this.#leave();
    return this.#store.kept;
  }

  /** Nothing of the run goes on. */
  close(): void {
    this.#leave();
    this.#store.close();
  }

  #leave(): void {
    this.#settled = true;
    for (const missed of this.#missed.values()) this.#starts(missed);
    for (const items of this.#missedItems.values()) {
      for (const missed of items.values()) this.#starts(missed);
    }
  }

  #starts(missed: Missed): void {
    if (missed.waits) this.#flights.leave(missed.key);
    missed.waits = false;
  }

  #missedOf(task: number): Missed | undefined {
    const items = this.#host.machine.ledger.itemsOf(task);
    if (items === undefined) return this.#missed.get(task);
    return this.#missedItems.get(items.owner)?.get(task - items.first);
  }

  #nameOf(task: number): string {
    return this.#basis.lineage.nameOf(task);
  }

  /** Once for each message, however often. */
  #fault(what: string, error?: unknown): void {
    const message = error === undefined ? what : `${what}: ${summarizeError(error)}`;
    const cause = error === undefined ? {} : { cause: serializeError(error) };
    this.#host.faults.note({ name: "CacheError", message, ...cause });
  }
}
