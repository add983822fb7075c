/** What goes along with a call beside its arguments and its result: the task's attributes, and the carrier of traces. */
import { describe, text } from "./describe.js";

/** @type {typeof import("./index.js").attributeEntries} */
export function attributeEntries(attributes) {
  return Array.from(attributes, ([name, value]) => [
    text(name),
    isAttribute(value) ? value : describe(value),
  ]);
}

/**
 * @param {unknown} value
 * @returns {value is import("./index.js").Attribute}
 */
function isAttribute(value) {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

/** @type {typeof import("./index.js").carrierTexts} */
export function carrierTexts(carrier) {
  /** @type {Record<string, string>} */
  const texts = {};
  for (const name of Object.keys(carrier)) {
    try {
      const value = /** @type {Record<string, unknown>} */ (carrier)[name];
      if (typeof value === "string") texts[name] = value;
    } catch {
      // A getter of the observer's.
    }
  }
  return texts;
}
