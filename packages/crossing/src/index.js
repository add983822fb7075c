/**
 * What can cross to another thread or process. Plain JavaScript with checked types, because Node 20 starts no TypeScript
 * in a thread; `index.d.ts` is the contract.
 */
export { flushActivators, runActivated } from "./activators.js";
export { attributeEntries, carrierTexts } from "./companions.js";
export { describe, messageOf, text } from "./describe.js";
export { flowObstacle } from "./flow.js";
export { LogLines } from "./log-lines.js";
export { losesInClone } from "./loss-in-clone.js";
export { findCloneObstacle, isDetached } from "./obstacle-in-clone.js";
export { Skipping, skippedBy } from "./skipping.js";
export { isError, joined, putTogether, takeApart } from "./thrown.js";
