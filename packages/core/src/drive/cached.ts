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
import type { Machine } from "../machine/machine.ts";
import { Lineage } from "../report/lineage.ts";
import { Basis } from "../report/origin.ts";
import { entryKey, entryText, entryValue } from "../resume/cache-entry.ts";
import type { Call } from "./call.ts";
import { Flights } from "./flights.ts";
import type { Faults } from "./hooks.ts";
import type { Prepared } from "./inputs.ts";
import { NO_PARAMETERS } from "./parameters.ts";
import { onAbort } from "./surroundings.ts";

/** What it needs of the driver. */
export interface CacheHost {
  readonly machine: Machine;
  readonly faults: Faults;
  /** Milliseconds since the Unix epoch. */
  wallNow(): number;
  after(ms: number, fire: () => void): () => void;
}

/** So many items ask the store at once. */
const AT_ONCE = 64;

/** So long the end of a run waits for a store that does not answer, in milliseconds. */
const PATIENCE_MS = 10_000;

/** The key of a task, or of an item of a map, that found nothing. */
interface Missed {
  readonly key: string;
  readonly ttlMs: number | undefined;
  /** It has not started yet. */
  waits: boolean;
  /** What it got is another attempt's, which is kept by that. */
  joined: boolean;
}

export class Cached {
  readonly #store: CacheStore;
  readonly #host: CacheHost;
  readonly #basis: Basis;
  readonly #flights: Flights;
  /** By task; and by map, by index. */
  readonly #missed: Map<number, Missed> = new Map();
  readonly #missedItems: Map<number, Map<number, Missed>> = new Map();
  readonly #keeping: Set<Promise<void>> = new Set();

  constructor(store: CacheStore, host: CacheHost) {
    this.#store = store;
    this.#host = host;
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
    const found = await this.#look(task, of);
    if (typeof found === "string") {
      this.#missed.set(task, this.#miss(found, ttlMs));
      return undefined;
    }
    return found;
  }

  /** Results of items of a map, by index, but for those that are there already. Rejects with what its `key` throws. */
  async findItems(
    map: number,
    { options, run }: Definition,
    { inputs, list = [] }: Prepared,
    keys: readonly string[] | undefined,
    there: ReadonlyMap<number, unknown>,
  ): Promise<Map<number, unknown>> {
    const { key: ask, ttlMs } = (options?.cache ?? {}) as ItemCacheOptions;
    const found = new Map<number, unknown>();
    const missed = new Map<number, Missed>();
    this.#missedItems.set(map, missed);
    const placed = keys === undefined && run.length !== 1;
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < list.length) {
        const index = next++;
        if (there.has(index)) continue;
        const item = list[index];
        const of =
          ask === undefined
            ? ["item", item, inputs, placed ? index : (keys?.[index] ?? null)]
            : ["key", await ask(item, index)];
        const hit = await this.#look(map, of);
        if (typeof hit === "string") missed.set(index, this.#miss(hit, ttlMs));
        else if (hit !== undefined) found.set(index, hit.value);
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, list.length) }, worker));
    return found;
  }

  /** What the store has, or the key that it has nothing for; nothing where there is no key. */
  async #look(
    task: number,
    of: unknown,
  ): Promise<{ readonly value: unknown } | string | undefined> {
    const { name } = this.#host.machine.plan.graph;
    const made = entryKey(name, this.#basis.definition(task), of);
    if (typeof made === "string") {
      this.#fault(
        `Of task "${this.#nameOf(task)}" nothing is cached, since its key has no encoding: ${made}`,
      );
      return undefined;
    }
    try {
      const text = await this.#store.get(made.key);
      return entryValue(text, this.#host.wallNow()) ?? made.key;
    } catch (error) {
      this.#fault("The cache could not be read", error);
      return made.key;
    }
  }

  #miss(key: string, ttlMs: number | undefined): Missed {
    this.#flights.expect(key);
    return { key, ttlMs, waits: true, joined: false };
  }

  /** Calls the function of an attempt, or waits for one that another run, or another task, makes for the same key. */
  call(call: Call, run: () => unknown): unknown {
    const missed = this.#missedOf(call.task);
    if (missed === undefined) return run();
    const { key } = missed;
    const flight = this.#flights.of(key);
    this.#starts(missed);
    if (flight !== undefined) return this.#join(call, missed, flight, run);
    missed.joined = false;
    const result = run();
    this.#flights.begin(key, { result: Promise.resolve(result), stopped: () => call.asked });
    return result;
  }

  #join(
    call: Call,
    missed: Missed,
    { result, stopped }: { readonly result: Promise<unknown>; readonly stopped: () => boolean },
    run: () => unknown,
  ): Promise<unknown> {
    missed.joined = true;
    const alone = (): unknown => {
      missed.joined = false;
      return run();
    };
    return new Promise((resolve, reject) => {
      const release = onAbort(call.signal, () => reject(call.signal.reason));
      const end = (settle: () => void): void => {
        release();
        if (!call.signal.aborted) settle();
      };
      result.then(
        (value) =>
          end(() => {
            const copy = stopped() ? undefined : decodeValue(encodeValue(value));
            if (copy === undefined) resolve(called(alone));
            else resolve(copy.value);
          }),
        (error: unknown) => end(() => (stopped() ? resolve(called(alone)) : reject(error))),
      );
    });
  }

  /** A result that counts is kept, while the run goes on. */
  keep(task: number, value: unknown): void {
    const missed = this.#missedOf(task);
    if (missed === undefined || missed.joined) return;
    const output = encodeValue(value);
    if (output.encoding === "omitted") {
      const why = output.detail ?? output.why;
      this.#fault(
        `The output of task "${this.#nameOf(task)}" is not cached, since it has no encoding: ${why}`,
      );
      return;
    }
    const { key, ttlMs } = missed;
    const kept = called(() =>
      this.#store.set(key, entryText(output, ttlMs, this.#host.wallNow()), ttlMs),
    )
      .then(
        () => {},
        (error: unknown) => this.#fault("The cache could not be written", error),
      )
      .finally(() => this.#keeping.delete(kept));
    this.#keeping.add(kept);
  }

  /** The run has settled. What is still being kept is waited for, for so long as a store may take; nothing if there is none. */
  settled(): Promise<void> | undefined {
    for (const missed of this.#missed.values()) this.#starts(missed);
    for (const items of this.#missedItems.values()) {
      for (const missed of items.values()) this.#starts(missed);
    }
    if (this.#keeping.size === 0) return undefined;
    return new Promise((resolve) => {
      const giveUp = this.#host.after(PATIENCE_MS, () => {
        this.#fault(`The cache had not written everything ${PATIENCE_MS} ms after the run`);
        resolve();
      });
      void Promise.all(this.#keeping).then(() => {
        giveUp();
        resolve();
      });
    });
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

/** As a promise, whatever it throws. */
async function called<T>(run: () => T): Promise<Awaited<T>> {
  return await run();
}
