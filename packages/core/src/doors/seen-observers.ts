/** Observers that have something to flush and were seen by a run. Holds none of them: those that are gone leave nothing. */
import type { Observer } from "../contract/observer.ts";

const references = new Set<WeakRef<Observer>>();
const known = new WeakSet<Observer>();
const gone = new FinalizationRegistry<WeakRef<Observer>>((reference) => {
  references.delete(reference);
});

export const seenObservers = {
  add(observer: Observer): void {
    if (known.has(observer)) return;
    known.add(observer);
    const reference = new WeakRef(observer);
    references.add(reference);
    gone.register(observer, reference);
  },

  /** Those that are still there. */
  all(): Observer[] {
    return [...references].flatMap((reference) => reference.deref() ?? []);
  },

  /** How many places are taken. */
  get size(): number {
    return references.size;
  },
};
