/**
 * Finds the place in a value that stops it from being cloned, for the error message. Runs only after a clone has
 * failed, so it may be slow; it never touches what is to be transferred, since a trial clone would detach it.
 */
import { types } from "node:util";

/** @import { Obstacle } from "../wire.ts" */

/**
 * @param {unknown} value
 * @param {string} root what the value is called in the path
 * @param {readonly unknown[]} [transferred] taken as fine
 * @returns {Obstacle | undefined} nothing when every part can be cloned
 */
export function findObstacle(value, root, transferred = []) {
  const seen = new Set(transferred);
  /** @type {[value: unknown, path: string][]} */
  const stack = [[value, root]];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const [part, path] = entry;
    if (typeof part === "function") return { path, what: "a function" };
    if (typeof part === "symbol") return { path, what: "a symbol" };
    if (typeof part !== "object" || part === null || seen.has(part)) continue;
    seen.add(part);
    /** @type {ReturnType<typeof childrenOf>} */
    let children;
    try {
      children = childrenOf(part, path);
    } catch (error) {
      return { path, what: `an object that cannot be read (${String(error)})` };
    }
    if (children !== undefined) stack.push(...children.reverse());
    else if (!canClone(part)) return { path, what: describe(part) };
  }
  return undefined;
}

/**
 * @param {object} part
 * @param {string} path
 * @returns {[value: unknown, path: string][] | undefined} nothing for what has no parts of its own
 */
function childrenOf(part, path) {
  if (types.isProxy(part)) return undefined;
  if (Array.isArray(part)) return part.map((item, index) => [item, `${path}[${index}]`]);
  if (types.isMap(part))
    return [...part].flatMap(([key, item], index) => [
      [key, `${path}.keys()[${index}]`],
      [item, `${path}.get(${typeof key === "string" ? JSON.stringify(key) : String(index)})`],
    ]);
  if (types.isSet(part))
    return [...part].map((item, index) => [item, `${path}.values()[${index}]`]);
  // An instance of a class crosses as a plain object of its own fields; a host object has an opinion of its own.
  const keys = Object.keys(part);
  if (keys.length === 0 || ArrayBuffer.isView(part)) return undefined;
  return keys.map((key) => [
    /** @type {Record<string, unknown>} */ (part)[key],
    /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`,
  ]);
}

/** @param {unknown} part */
export function canClone(part) {
  try {
    structuredClone(part);
    return true;
  } catch {
    return false;
  }
}

/** @param {object} part */
function describe(part) {
  if (types.isProxy(part)) return "a Proxy";
  if (isDetached(part)) return "a buffer that has been transferred away already";
  const name = part.constructor?.name;
  return name ? `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}` : "an object that cannot be cloned";
}

/**
 * Node 20 sends a detached buffer of a transfer list without complaint, and the message is lost on the other side.
 *
 * @param {object} part
 */
export function isDetached(part) {
  const buffer = ArrayBuffer.isView(part) ? part.buffer : part;
  if (!types.isArrayBuffer(buffer)) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
