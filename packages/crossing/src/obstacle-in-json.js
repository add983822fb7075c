/** What JSON would lose or change, and where it lies. Knows no job. */
import { types } from "node:util";
import { text } from "./describe.js";
import { flowObstacle } from "./flow.js";
import { named, placeOf } from "./place.js";

/** @typedef {import("./index.js").Obstacle} Obstacle */

const MAX_DEPTH = 200;

/** @type {typeof import("./index.js").findJsonObstacle} */
export function findJsonObstacle(value, root) {
  return new Search().in(value, root);
}

class Search {
  /** @type {object[]} */
  #inside = [];
  /** What was found to be in order. A part that is there twice crosses twice, but is looked at once. */
  #fine = new Set();

  /**
   * @param {unknown} value
   * @param {string} path
   * @returns {Obstacle | undefined}
   */
  in(value, path) {
    switch (typeof value) {
      case "string":
      case "boolean":
        return undefined;
      case "number":
        if (Object.is(value, -0)) return { path, what: "-0" };
        return Number.isFinite(value) ? undefined : { path, what: String(value) };
      case "bigint":
        return { path, what: "a bigint (send it as a string)" };
      case "function":
      case "symbol":
        return { path, what: `a ${typeof value}` };
      case "undefined":
        return { path, what: "undefined" };
      default:
        return value === null ? undefined : this.#inObject(/** @type {object} */ (value), path);
    }
  }

  /**
   * @param {object} value
   * @param {string} path
   * @returns {Obstacle | undefined}
   */
  #inObject(value, path) {
    if (this.#fine.has(value)) return undefined;
    if (this.#inside.includes(value)) return { path, what: "a part of itself" };
    if (this.#inside.length === MAX_DEPTH)
      return { path, what: `nested more than ${MAX_DEPTH} levels deep` };
    if (types.isProxy(value)) return { path, what: "a Proxy" };
    if (!isPlain(value)) return flowObstacle(value, path) ?? { path, what: described(value) };
    this.#inside.push(value);
    const found = this.#inParts(value, path);
    this.#inside.pop();
    if (found === undefined) this.#fine.add(value);
    return found;
  }

  /**
   * @param {object} value a plain object, or an array
   * @param {string} path
   * @returns {Obstacle | undefined}
   */
  #inParts(value, path) {
    const isArray = Array.isArray(value);
    if (isArray && Object.keys(value).length < value.length) {
      const hole = value.findIndex((_, index) => !Object.hasOwn(value, index));
      if (hole !== -1) return { path: `${path}[${hole}]`, what: "a hole" };
    }
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === "symbol") return { path, what: "an object with a symbol as a key" };
      if (isArray && key === "length") continue;
      const place = placeOf(value, path, key);
      if (isArray && !/^\d+$/.test(key))
        return { path: place, what: "a named property of an array" };
      // `toJSON` would be called, and `__proto__` does not come back as a property everywhere.
      if (key === "toJSON" || key === "__proto__") return { path: place, what: "a reserved name" };
      const found = this.#inPart(value, key, place, isArray);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * @param {object} value
   * @param {string} key
   * @param {string} path
   * @param {boolean} isArray
   * @returns {Obstacle | undefined}
   */
  #inPart(value, key, path, isArray) {
    if (!Object.prototype.propertyIsEnumerable.call(value, key))
      return { path, what: "a hidden property" };
    let part;
    try {
      part = /** @type {Record<string, unknown>} */ (value)[key];
    } catch (error) {
      return { path, what: `a getter that throws (${text(error)})` };
    }
    return part === undefined && !isArray ? undefined : this.in(part, path);
  }
}

/**
 * A plain object or array, of any realm.
 *
 * @param {object} value
 */
function isPlain(value) {
  const prototype = /** @type {object | null} */ (Object.getPrototypeOf(value));
  if (Array.isArray(value)) return Array.isArray(prototype);
  return prototype === null || Object.hasOwn(prototype, "isPrototypeOf");
}

/** @param {object} value */
function described(value) {
  if (types.isDate(value)) return "a Date (send its ISO string)";
  if (types.isMap(value)) return "a Map (send its entries)";
  if (types.isSet(value)) return "a Set (send its values)";
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value))
    return "binary data (store it, and send where it is)";
  return `${named(value) ?? "an object of a class"} (send its plain fields)`;
}
