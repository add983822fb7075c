/**
 * The store of a cache as one run asks it: what it throws, and an answer that does not come, is told and is nothing that was
 * found. Knows keys and texts; what they mean is for `cached`.
 */
import type { CacheStore } from "../contract/cache.ts";

/** So long a store may take for an answer, and so long the end of a run waits for what is being kept, in milliseconds. */
const PATIENCE_MS = 10_000;

/** What it needs of the run. */
export interface PatientHost {
  after(ms: number, fire: () => void): () => void;
  /** Told as often as it happens. */
  fault(what: string, error?: unknown): void;
}

export class PatientStore {
  readonly #store: CacheStore;
  readonly #host: PatientHost;
  /** It did not answer, or the run is over: from then on it is neither asked nor told anything. */
  #silent = false;
  /** Who waits for an answer. */
  readonly #waiting: Set<(text?: unknown) => void> = new Set();
  readonly #keeping: Set<Promise<void>> = new Set();

  constructor(store: CacheStore, host: PatientHost) {
    this.#store = store;
    this.#host = host;
  }

  /** What it has, or `undefined`. Never rejects. */
  get(key: string): Promise<unknown> {
    if (this.#silent) return Promise.resolve();
    return new Promise((resolve) => {
      const callOff = this.#afterPatience(() => {
        this.#host.fault(
          `The cache could not be read: it had not answered after ${PATIENCE_MS} ms`,
        );
        this.close();
      });
      const end = (text?: unknown): void => {
        callOff();
        this.#waiting.delete(end);
        resolve(text);
      };
      this.#waiting.add(end);
      called(() => this.#store.get(key)).then(end, (error: unknown) => {
        // Late, it has been told that it did not answer.
        if (this.#waiting.has(end)) this.#host.fault("The cache could not be read", error);
        end();
      });
    });
  }

  /** Resolves when it has been kept, or cannot be. */
  set(key: string, text: string, ttlMs: number | undefined): Promise<void> {
    if (this.#silent) return Promise.resolve();
    const kept = called(() => this.#store.set(key, text, ttlMs))
      .then(
        () => {},
        (error: unknown) => this.#host.fault("The cache could not be written", error),
      )
      .finally(() => this.#keeping.delete(kept));
    this.#keeping.add(kept);
    return kept;
  }

  /** Of what is still being kept; nothing if there is none. Waits only for so long as a store may take. */
  get kept(): Promise<void> | undefined {
    if (this.#keeping.size === 0) return undefined;
    return new Promise((resolve) => {
      const callOff = this.#host.after(PATIENCE_MS, () => {
        this.#host.fault(`The cache had not written everything ${PATIENCE_MS} ms after the run`);
        resolve();
      });
      void Promise.all(this.#keeping).then(() => {
        callOff();
        resolve();
      });
    });
  }

  /** Whoever waits for it has found nothing. */
  close(): void {
    this.#silent = true;
    for (const end of this.#waiting) end();
  }

  /** When the thread was held for so long, what it answered meanwhile comes before its time is up. */
  #afterPatience(up: () => void): () => void {
    let callOff = this.#host.after(PATIENCE_MS, () => {
      callOff = this.#host.after(0, up);
    });
    return () => callOff();
  }
}

/** As a promise, whatever it throws. */
async function called<T>(run: () => T): Promise<Awaited<T>> {
  return await run();
}
