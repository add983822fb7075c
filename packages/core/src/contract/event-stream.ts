/**
 * The events of one run for readers who take them when they have time: an observer that keeps, for each reader, what it has
 * not read yet. It keeps so much and no more, since nobody waits for a reader. Knows no run.
 */
import { fromEvents, type Observer, type RunEvent } from "./observer.ts";

/** What a reader was too slow for. */
export interface LostEvents {
  readonly type: "events.lost";
  /** How many; they came before whatever is read next. */
  readonly count: number;
}
export type StreamedEvent = RunEvent | LostEvents;

/** What a reader may leave unread by default. */
export const UNREAD_EVENTS = 10_000;

/** What one reader has not read yet: the newest, up to a limit. */
class Unread {
  readonly #limit: number;
  #events: (RunEvent | undefined)[] = [];
  #first = 0;
  #lost = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(event: RunEvent): void {
    this.#events.push(event);
    if (this.#events.length - this.#first <= this.#limit) return;
    this.#drop();
    this.#lost++;
  }

  /** The first has gone. What is left is moved up when it is no more than what has gone: each is moved once, or less. */
  #drop(): void {
    this.#events[this.#first++] = undefined;
    if (2 * this.#first < this.#events.length) return;
    this.#events = this.#events.slice(this.#first);
    this.#first = 0;
  }

  /** The same, left to another reader. */
  copy(limit: number): Unread {
    const other = new Unread(limit);
    other.#lost = this.#lost;
    for (const event of this.#events) if (event !== undefined) other.add(event);
    return other;
  }

  take(): StreamedEvent | undefined {
    if (this.#lost > 0) {
      const count = this.#lost;
      this.#lost = 0;
      return { type: "events.lost", count };
    }
    const event = this.#events[this.#first];
    if (event !== undefined) this.#drop();
    return event;
  }
}

interface Reader {
  readonly unread: Unread;
  /** It waits for the next event. */
  wake: (() => void) | undefined;
}

export class EventStream {
  readonly observer: Observer = fromEvents("events of a run that was started", (event) =>
    this.#told(event),
  );
  readonly #readers: Set<Reader> = new Set();
  /** What was told last in the turn in which the run was started: whoever asks in that turn reads it, too. */
  #early: Unread | undefined = new Unread(UNREAD_EVENTS);
  #last: RunEvent | undefined;
  /** There will be no more: the run has ended, or could not begin. */
  #over: { readonly error?: unknown } | undefined;

  constructor() {
    queueMicrotask(() => {
      this.#early = undefined;
    });
  }

  #told(event: RunEvent): void {
    this.#early?.add(event);
    for (const { unread } of this.#readers) unread.add(event);
    if (event.type === "run.end") {
      this.#last = event;
      this.#over = {};
    }
    this.#wake();
  }

  /** There is no run: readers are told why. */
  fail(error: unknown): void {
    this.#over ??= { error };
    this.#wake();
  }

  #wake(): void {
    for (const reader of this.#readers) {
      reader.wake?.();
      reader.wake = undefined;
    }
  }

  /** Reads from now on, whenever the first event is asked for. */
  read(limit: number): AsyncGenerator<StreamedEvent, void, undefined> {
    const unread = this.#early?.copy(limit) ?? new Unread(limit);
    if (this.#early === undefined && this.#last !== undefined) unread.add(this.#last);
    const reader: Reader = { unread, wake: undefined };
    this.#readers.add(reader);
    return this.#reading(reader);
  }

  async *#reading(reader: Reader): AsyncGenerator<StreamedEvent, void, undefined> {
    try {
      for (;;) {
        const event = reader.unread.take();
        if (event !== undefined) yield event;
        else if (this.#over !== undefined) {
          if ("error" in this.#over) throw this.#over.error;
          return;
        } else await new Promise<void>((resolve) => (reader.wake = resolve));
      }
    } finally {
      this.#readers.delete(reader);
    }
  }
}
