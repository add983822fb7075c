/**
 * Whether a structured clone would lose something without a word. Asked before every clone, so it is quick, and knows no
 * place: `obstacle-in-clone` finds that.
 */
import { types } from "node:util";
import { flowObstacle } from "./flow.js";
import { arrivesBare, isOnePiece, isPlain } from "./obstacle-in-clone.js";

/** So many values are looked at, the outer ones first: of more, what is lost is mostly of a kind with these. */
const MOST = 5_000;

/** @type {typeof import("./index.js").losesInClone} */
export function losesInClone(value, transferred = []) {
  if (typeof value !== "object" || value === null) return false;
  let left = MOST;
  // What is added while it is gone through comes by in its turn.
  const met = new Set([value]);
  try {
    if (isLost(value)) return true;
    for (const part of met) {
      for (const inner of partsOf(part)) {
        if (left-- === 0) return false;
        if (typeof inner !== "object" || inner === null || met.has(inner)) continue;
        if (transferred.includes(inner)) continue;
        if (isLost(inner)) return true;
        met.add(inner);
      }
    }
  } catch {
    // What cannot be looked at cannot be cloned either, and that will say why.
  }
  return false;
}

/** @param {object} part */
function isLost(part) {
  if (Array.isArray(part) || isPlain(part) || types.isMap(part) || types.isSet(part)) return false;
  if (isOnePiece(part) || types.isAnyArrayBuffer(part)) return false;
  if (flowObstacle(part, "") !== undefined) return true;
  return Object.keys(part).length === 0 && arrivesBare(part);
}

/**
 * What crosses of an object, and may be lost.
 *
 * @param {object} part
 * @returns {Iterable<unknown>}
 */
function partsOf(part) {
  if (Array.isArray(part)) return Array.prototype.values.call(part);
  if (types.isMap(part)) return keysAndValues(part);
  if (types.isSet(part)) return Set.prototype.values.call(part);
  return isOnePiece(part) ? [] : Object.values(part);
}

/** @param {Map<unknown, unknown>} map */
function* keysAndValues(map) {
  yield* Map.prototype.keys.call(map);
  yield* Map.prototype.values.call(map);
}
