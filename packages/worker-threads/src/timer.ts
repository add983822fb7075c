/** A timer, and the way to call it off with what belonged to it when it was set: timers may be faked later. Knows no call. */
export function after(ms: number, fire: () => void): () => void {
  const stop = clearTimeout;
  const timer = setTimeout(fire, ms);
  return () => stop(timer);
}
