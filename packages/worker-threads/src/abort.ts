/**
 * One listener on a signal, however many calls it cancels: Node warns of a leak from the eleventh on, and a caller may
 * well start a thousand calls with one signal. Knows no call.
 */

const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/** Returns the way back. The signal has no listener of ours when the last one has gone it. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  let waiting = listeners.get(signal);
  if (waiting === undefined) {
    waiting = new Set();
    listeners.set(signal, waiting);
  }
  const all = waiting;
  if (all.size === 0) signal.addEventListener("abort", tellAll);
  all.add(listener);
  return () => {
    if (all.delete(listener) && all.size === 0) signal.removeEventListener("abort", tellAll);
  };
}

function tellAll(this: AbortSignal): void {
  for (const listener of [...(listeners.get(this) ?? [])]) listener();
}
