/**
 * Makes the caller's ambient context (a trace, baggage) ambient around a function inside a thread. The far side of
 * `AttemptScope.inject`, with its guarantee: an activator that throws, forgets to proceed, or proceeds twice or late,
 * changes neither whether nor how the function runs. Knows no port.
 */
import { text } from "astrum-crossing";
import { loadModule, moduleFault } from "./load.js";

/** @import { RemoteActivator } from "@astrum/core" */

/**
 * @param {string} url a module whose default export is an activator or an array of them
 * @returns {Promise<RemoteActivator[]>}
 */
export async function loadActivators(url) {
  const exported = (await loadModule(url)).default;
  const activators = Array.isArray(exported) ? exported : [exported];
  if (!activators.every((each) => typeof each?.activate === "function"))
    throw moduleFault("not-an-activator", url);
  return activators;
}

/**
 * @template T
 * @param {readonly RemoteActivator[]} activators the first is outermost
 * @param {Readonly<Record<string, string>>} carrier
 * @param {{ readonly task: string; readonly attempt: number }} info
 * @param {() => T} run
 * @returns {T}
 */
export function runActivated(activators, carrier, info, run) {
  /** @type {{ readonly value: T } | { readonly error: unknown } | undefined} */
  let outcome;
  const enter = (/** @type {number} */ index) => {
    const activator = activators[index];
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
      enter(index + 1);
    };
    try {
      activator.activate(carrier, info, proceed);
    } catch (error) {
      report(activator, error);
    }
    proceed();
  };
  enter(0);
  const ended = /** @type {NonNullable<typeof outcome>} */ (outcome);
  if ("error" in ended) throw ended.error;
  return ended.value;
}

/** @type {WeakSet<RemoteActivator>} */
const reported = new WeakSet();

/**
 * @param {RemoteActivator} activator
 * @param {unknown} error
 */
function report(activator, error) {
  if (reported.has(activator)) return;
  reported.add(activator);
  process.emitWarning(`Activator "${activator.name}" threw and is passed over: ${text(error)}`);
}

/**
 * @param {readonly RemoteActivator[]} activators
 * @param {number} timeoutMs
 */
export async function flushActivators(activators, timeoutMs) {
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise((resolve) => signal.addEventListener("abort", resolve));
  const flushes = activators.map(async (activator) => {
    try {
      await activator.flush?.(signal);
    } catch (error) {
      report(activator, error);
    }
  });
  await Promise.race([Promise.all(flushes), late]);
}
