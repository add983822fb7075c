/**
 * Makes the caller's ambient context (a trace, baggage) ambient around a function on the other side: the far end of the
 * core's `AttemptScope.inject`, with its guarantee. An activator that throws, forgets to proceed, or proceeds twice or
 * late, changes neither whether nor how the function runs.
 */

/** @type {typeof import("./index.js").runActivated} */
export function runActivated({ activators, carrier, info, onFault }, run) {
  /** @type {{ readonly value: ReturnType<typeof run> } | { readonly error: unknown } | undefined} */
  let outcome;
  const enter = (/** @type {number} */ at) => {
    const activator = activators[at];
    if (activator === undefined) {
      try {
        outcome ??= { value: run() };
      } catch (error) {
        outcome ??= { error };
      }
      return;
    }
    let proceeded = false;
    const proceed = () => {
      if (proceeded) return;
      proceeded = true;
      enter(at + 1);
    };
    try {
      activator.activate(carrier, info, proceed);
    } catch (error) {
      onFault(activator, error);
    }
    proceed();
  };
  enter(0);
  const ended = /** @type {NonNullable<typeof outcome>} */ (outcome);
  if ("error" in ended) throw ended.error;
  return ended.value;
}

/** @type {typeof import("./index.js").flushActivators} */
export async function flushActivators(activators, timeoutMs, onFault) {
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise((resolve) => signal.addEventListener("abort", resolve));
  const flushes = activators.map(async (activator) => {
    try {
      await activator.flush?.(signal);
    } catch (error) {
      onFault(activator, error);
    }
  });
  await Promise.race([Promise.all(flushes), late]);
}
