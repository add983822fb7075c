/**
 * Lets so many in at a time, strictly first come, first served, each on a numbered lane of its own. It keeps the thread
 * pool's own queue empty: that one is neither in order nor safe when a thread dies. Knows nothing of what is let in.
 */

export interface Entrant {
  /** Called at once or later, with the lane that is the entrant's until it leaves. Must not leave before it returns. */
  enter(lane: number): void;
}

interface Place {
  entrant: Entrant | undefined;
  next: Place | undefined;
}

export class Lanes {
  readonly #free: number[] = [];
  readonly #count: number;
  #first: Place | undefined;
  #last: Place | undefined;
  #queued = 0;
  #whenEmpty: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
    for (let lane = count - 1; lane >= 0; lane--) this.#free.push(lane);
  }

  get running(): number {
    return this.#count - this.#free.length;
  }

  get queued(): number {
    return this.#queued;
  }

  /** Returns the way to call it off while it waits; afterwards that does nothing. */
  join(entrant: Entrant): () => void {
    const lane = this.#free.pop();
    if (lane !== undefined) {
      entrant.enter(lane);
      return () => {};
    }
    const place: Place = { entrant, next: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.next = place;
    this.#last = place;
    this.#queued++;
    return () => {
      if (place.entrant === undefined) return;
      place.entrant = undefined;
      this.#queued--;
    };
  }

  leave(lane: number): void {
    const next = this.#take();
    if (next !== undefined) next.enter(lane);
    else {
      this.#free.push(lane);
      if (this.running === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    }
  }

  /** Resolves when nobody runs, hence nobody waits. */
  empty(): Promise<void> {
    if (this.running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  #take(): Entrant | undefined {
    while (this.#first !== undefined) {
      const { entrant, next } = this.#first;
      this.#first.entrant = undefined;
      this.#first = next;
      if (next === undefined) this.#last = undefined;
      if (entrant === undefined) continue;
      this.#queued--;
      return entrant;
    }
    return undefined;
  }
}
