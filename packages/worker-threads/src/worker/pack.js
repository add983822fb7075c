/**
 * A thrown value on its way between threads, either way. Everything in it is a clone already, so that sending it cannot
 * fail. Never throws, whatever was thrown. Knows no port.
 */
import { inspect } from "node:util";
import {
  describe,
  findCloneObstacle,
  isError,
  losesInClone,
  putTogether,
  takeApart,
} from "astrum-crossing";

/** @import { ErrorParts } from "astrum-crossing" */
/** @import { Packed } from "../wire.ts" */

/** How many errors may be in one another; those beyond are described. */
const MAX_DEPTH = 100;

/**
 * @typedef {object} Packing
 * @property {unknown} reason
 * @property {Map<Error, ErrorParts<Packed>>} seen
 * @property {Map<readonly unknown[], Packed[]>} lists
 */
/**
 * @typedef {object} Unpacking
 * @property {unknown} reason
 * @property {Map<ErrorParts<Packed>, Error>} seen
 * @property {Map<readonly Packed[], unknown[]>} lists
 */

/**
 * @param {unknown} thrown
 * @param {object} [options]
 * @param {unknown} [options.reason] of the cancellation: the other side has the original, also of a cause
 * @returns {Packed}
 */
export function pack(thrown, { reason } = {}) {
  return packAny(thrown, "thrown", 0, { reason, seen: new Map(), lists: new Map() });
}

/**
 * @param {Packed} packed
 * @param {unknown} [reason]
 * @returns {unknown}
 */
export function unpack(packed, reason) {
  return unpackAny(packed, { reason, seen: new Map(), lists: new Map() });
}

/**
 * @param {unknown} thrown
 * @param {string} path
 * @param {number} depth
 * @param {Packing} state
 * @returns {Packed}
 */
function packAny(thrown, path, depth, state) {
  if (thrown === state.reason && thrown !== undefined) return { reason: true };
  if (isError(thrown)) return { error: packError(thrown, path, depth, state) };
  try {
    if (Array.isArray(thrown) && thrown.some(isError))
      return { list: packList(thrown, path, depth, state) };
    if (!losesInClone(thrown)) return { value: structuredClone(thrown) };
  } catch {
    // What it is that cannot be cloned is found out now.
  }
  return { obstacle: findCloneObstacle(thrown, path) ?? { path, what: "not clonable" } };
}

/**
 * A list that has errors in it: of these a clone would keep neither class, nor code, nor fields.
 *
 * @param {readonly unknown[]} list
 * @param {string} path
 * @param {number} depth
 * @param {Packing} state
 */
function packList(list, path, depth, state) {
  const met = state.lists.get(list);
  if (met !== undefined) return met;
  /** @type {Packed[]} */
  const parts = [];
  state.lists.set(list, parts);
  for (const [index, each] of Array.prototype.slice.call(list).entries())
    parts.push(packPart(each, `${path}[${index}]`, depth + 1, state));
  return parts;
}

/**
 * @param {Error} error
 * @param {string} path
 * @param {number} depth
 * @param {Packing} state
 */
function packError(error, path, depth, state) {
  return (
    state.seen.get(error) ??
    takeApart(
      error,
      (value, place) =>
        depth < MAX_DEPTH ? packPart(value, place, depth + 1, state) : { value: inWords(value) },
      { path, begun: (parts) => state.seen.set(error, parts) },
    )
  );
}

/**
 * A part of an error that cannot cross must not cost the error: it is described instead.
 *
 * @param {unknown} value
 * @param {string} path
 * @param {number} depth
 * @param {Packing} state
 * @returns {Packed}
 */
function packPart(value, path, depth, state) {
  const packed = packAny(value, path, depth, state);
  return "obstacle" in packed ? { value: inWords(value) } : packed;
}

/** @param {unknown} value */
function inWords(value) {
  try {
    return inspect(value, { depth: 1 }).slice(0, 500);
  } catch {
    return describe(value);
  }
}

/**
 * @param {Packed} packed
 * @param {Unpacking} state
 * @returns {unknown}
 */
function unpackAny(packed, state) {
  if ("reason" in packed) return state.reason;
  if ("obstacle" in packed) return undefined;
  if ("value" in packed) return packed.value;
  if ("list" in packed) return unpackList(packed.list, state);
  const { error } = packed;
  return (
    state.seen.get(error) ??
    putTogether(
      error,
      (part) => unpackAny(part, state),
      (whole) => state.seen.set(error, whole),
    )
  );
}

/**
 * @param {readonly Packed[]} parts
 * @param {Unpacking} state
 */
function unpackList(parts, state) {
  const met = state.lists.get(parts);
  if (met !== undefined) return met;
  /** @type {unknown[]} */
  const list = [];
  state.lists.set(parts, list);
  for (const part of parts) list.push(unpackAny(part, state));
  return list;
}
