/** A flow, told apart from other values: it becomes tasks where its run is, and nowhere else. Knows no medium. */
import { types } from "node:util";

const WHAT =
  "a flow (only a function in the thread of the run may return one: return what it is made of, and make it in a task there)";

/** @type {typeof import("./index.js").flowObstacle} */
export function flowObstacle(value, path) {
  return isFlow(value) ? { path, what: WHAT } : undefined;
}

/**
 * By the brand that the core gives its objects, in every copy of it.
 *
 * @param {unknown} value
 */
function isFlow(value) {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  try {
    const brand = /** @type {{ readonly "~astrum"?: { readonly kind?: unknown } }} */ (value)[
      "~astrum"
    ];
    return brand?.kind === "flow";
  } catch {
    return false; // A getter of the user's.
  }
}
