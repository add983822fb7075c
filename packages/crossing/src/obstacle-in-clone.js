/** What the structured clone refuses, or would leave nothing of, and where it lies. Knows no port. */
import { types } from "node:util";
import { text } from "./describe.js";
import { flowObstacle } from "./flow.js";
import { named, placeOf } from "./place.js";

/** From here on a clone may run out of stack, */
const DEEP = 1_000;
/** and here it surely has; a getter that returns a new object each time has no end. */
const TOO_DEEP = 10_000;

/** A part that may be an obstacle, or have one inside. */
class Suspect {
  /**
   * @param {unknown} part
   * @param {string} path
   * @param {number} depth
   * @param {boolean} [unreadable] the part is what its getter threw
   */
  constructor(part, path, depth, unreadable = false) {
    this.part = part;
    this.path = path;
    this.depth = depth;
    this.unreadable = unreadable;
  }
}

/** @type {typeof import("./index.js").findCloneObstacle} */
export function findCloneObstacle(value, root, transferred = []) {
  const seen = new Set(transferred);
  const stack = [new Suspect(value, root, 0)];
  let deepest = 0;
  for (let suspect = stack.pop(); suspect !== undefined; suspect = stack.pop()) {
    const { part, path, depth, unreadable } = suspect;
    if (unreadable) return { path, what: `a getter that throws (${text(part)})` };
    if (typeof part === "function") return { path, what: "a function" };
    if (typeof part === "symbol") return { path, what: "a symbol" };
    if (typeof part !== "object" || part === null || seen.has(part)) continue;
    if (depth > TOO_DEEP) return { path: root, what: nested(TOO_DEEP) };
    const flow = flowObstacle(part, path);
    if (flow !== undefined) return flow;
    seen.add(part);
    deepest = Math.max(deepest, depth);
    const inside = suspectsIn(part, path, depth + 1);
    if (inside !== undefined) {
      for (const each of inside.reverse()) stack.push(each);
      continue;
    }
    const what = refused(part);
    if (what !== undefined) return { path, what };
  }
  return deepest > DEEP ? { path: root, what: nested(DEEP) } : undefined;
}

/**
 * @param {object} part
 * @param {string} path
 * @param {number} depth
 * @returns {Suspect[] | undefined} nothing for what has no parts of its own
 */
function suspectsIn(part, path, depth) {
  if (types.isProxy(part) || isOnePiece(part)) return undefined;
  if (types.isMap(part))
    return Array.from(Map.prototype.entries.call(part)).flatMap(([key, item], index) => {
      const name = typeof key === "string" ? JSON.stringify(key) : index;
      return [
        new Suspect(key, `${path}.keys()[${index}]`, depth),
        new Suspect(item, `${path}.get(${name})`, depth),
      ];
    });
  if (types.isSet(part))
    return Array.from(
      Set.prototype.values.call(part),
      (item, index) => new Suspect(item, `${path}.values()[${index}]`, depth),
    );
  // An instance of a class crosses as a plain object of its own fields; a host object has an opinion of its own.
  const keys = Object.keys(part);
  return keys.length === 0 ? undefined : suspectsAt(part, keys, path, depth);
}

/**
 * @param {object} part
 * @param {readonly string[]} keys
 * @param {string} path
 * @param {number} depth
 */
function suspectsAt(part, keys, path, depth) {
  const suspects = [];
  for (const key of keys) {
    try {
      const value = /** @type {Record<string, unknown>} */ (part)[key];
      if (isHarmless(value)) continue;
      suspects.push(new Suspect(value, placeOf(part, path, key), depth));
    } catch (error) {
      suspects.push(new Suspect(error, placeOf(part, path, key), depth, true));
    }
  }
  return suspects;
}

/**
 * Most of what there is, in millions.
 *
 * @param {unknown} value
 */
function isHarmless(value) {
  const type = typeof value;
  return value === null || (type !== "object" && type !== "function" && type !== "symbol");
}

/**
 * Whether its own fields do not cross anyhow.
 *
 * @param {object} part
 */
export function isOnePiece(part) {
  return (
    ArrayBuffer.isView(part) ||
    types.isNativeError(part) ||
    types.isDate(part) ||
    types.isRegExp(part) ||
    types.isBoxedPrimitive(part)
  );
}

/**
 * Why an object that has no parts cannot cross.
 *
 * @param {object} part
 */
function refused(part) {
  try {
    if (!arrivesBare(part)) return undefined;
  } catch {
    return described(part);
  }
  return `${named(part) ?? "an object of a class without a name"} (of which nothing would arrive)`;
}

/**
 * Whether nothing of an object that has no fields would be left, though its class says that there is something. Throws
 * where it cannot be cloned.
 *
 * @param {object} part
 */
export function arrivesBare(part) {
  return isPlain(structuredClone(part)) && !isPlain(part) && hasMembers(part);
}

/**
 * Whether its class has methods or getters, through which it may hold more than its fields.
 *
 * @param {object} part
 */
function hasMembers(part) {
  for (let at = part; !isPlain(at); ) {
    at = Object.getPrototypeOf(at);
    if (Reflect.ownKeys(at).some((key) => key !== "constructor")) return true;
  }
  return false;
}

/**
 * Whether no class but the one of all objects has made it, of whichever realm.
 *
 * @param {object} part
 */
export function isPlain(part) {
  const prototype = Object.getPrototypeOf(part);
  return prototype === null || Object.hasOwn(prototype, "isPrototypeOf");
}

/** @param {object} part */
function described(part) {
  if (types.isProxy(part)) return "a Proxy";
  if (isDetached(part)) return "a buffer that has been transferred away already";
  return named(part) ?? "an object that cannot be cloned";
}

/** @param {number} levels */
function nested(levels) {
  return `nested more than ${levels.toLocaleString("en-US")} levels deep`;
}

/** @type {typeof import("./index.js").isDetached} */
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
