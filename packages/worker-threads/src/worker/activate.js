/** Loads the activators of a thread, and warns of those that fail, once each. Knows no port. */
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

/** @type {WeakSet<RemoteActivator>} */
const reported = new WeakSet();

/**
 * @param {RemoteActivator} activator
 * @param {unknown} error
 */
export function reportFault(activator, error) {
  if (reported.has(activator)) return;
  reported.add(activator);
  process.emitWarning(`Activator "${activator.name}" threw and is passed over: ${text(error)}`);
}
