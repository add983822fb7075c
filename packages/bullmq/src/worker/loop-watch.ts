/** Notices when the event loop was held so long that leases are in danger. Knows no job. */

/** Calls `onHeld` with the milliseconds, after each time that it was held for more than half of `leaseMs`. */
export function watchLoop(leaseMs: number, onHeld: (ms: number) => void): () => void {
  const everyMs = Math.max(25, Math.min(leaseMs / 4, 1_000));
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const heldMs = Math.round(now - last - everyMs);
    last = now;
    if (heldMs > leaseMs / 2) onHeld(heldMs);
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
