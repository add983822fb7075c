/** Values in words, whatever they do when they are looked at. The words are those of the core's reports. */

const LONGEST = 80;

/** @type {typeof import("./index.js").describe} */
export function describe(value) {
  if (typeof value === "string")
    return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST - 1)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return describeObject(value);
  } catch {
    return "an object";
  }
}

/** @param {object} value */
function describeObject(value) {
  if (Array.isArray(value)) return "an array";
  if (typeof (/** @type {{ then?: unknown }} */ (value).then) === "function") return "a promise";
  const name = /** @type {unknown} */ (value.constructor?.name);
  if (typeof name !== "string" || name === "" || name === "Object") return "an object";
  return `a ${name.slice(0, LONGEST)}`;
}

/** @type {typeof import("./index.js").text} */
export function text(value) {
  try {
    return String(value);
  } catch {
    return describe(value);
  }
}

/** @type {typeof import("./index.js").messageOf} */
export function messageOf(thrown) {
  try {
    const message = /** @type {{ message?: unknown } | null | undefined} */ (thrown)?.message;
    if (typeof message === "string") return message;
  } catch {
    // A getter of the user's; what it hides is described instead.
  }
  return describe(thrown);
}
