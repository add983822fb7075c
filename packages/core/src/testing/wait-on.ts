/** A wait on whatever fires later, which a signal may end. Knows no clock. */

/** Resolves when it is fired after `ms`; rejects with the signal's reason when that is aborted first. */
export function waitOn(
  after: (ms: number, fire: () => void) => () => void,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => {
      off();
      reject(signal?.reason);
    };
    const off = after(ms, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
  });
}
