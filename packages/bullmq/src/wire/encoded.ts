/**
 * Values on their way, as the core writes them down: what has no encoding is told with its place, and a flow with what to
 * do instead. Knows no job.
 */
import { type EncodedValue, encodeValue } from "@astrum/core";

/** What in a value cannot cross. */
export interface Obstacle {
  /** For example `input.items[3].onDone`. */
  readonly path: string;
  /** For example `is a function`. */
  readonly what: string;
}

/** A value, written down; or why it cannot be. */
export type Written = { readonly encoded: EncodedValue } | { readonly obstacle: Obstacle };

const INSTEAD_OF_FLOW =
  " (only a function in the process of the run may return one: return what it is made of, and make it in a task there)";

/** `called`: how a place in the value is called in messages. Never throws. */
export function written(value: unknown, called: (path: string) => string): Written {
  let obstacle: Obstacle | undefined;
  const encoded = encodeValue(value, {
    onObstacle(path, what) {
      obstacle = { path: called(path), what: what + (what === "is a flow" ? INSTEAD_OF_FLOW : "") };
    },
  });
  return obstacle === undefined ? { encoded } : { obstacle };
}

export function writtenResult(value: unknown): Written {
  return written(value, (path) => `result${path}`);
}
