/** The chain of causes of something thrown, whatever its getters do. Knows no text of an error. */
import { fieldOf } from "./field.ts";

/** Longer chains are followed no further. */
const MAX_STEPS = 1000;

/** What was thrown and its causes, to the last; in a circle, to where it closes. It also ends before those `inside`. */
export function causesOf(thrown: unknown, inside: Iterable<unknown> = []): unknown[] {
  const chain = [thrown];
  const seen = new Set(inside).add(thrown);
  for (let cause = causeOf(thrown); chain.length < MAX_STEPS; cause = causeOf(cause)) {
    if (cause === undefined || cause === null || seen.has(cause)) break;
    seen.add(cause);
    chain.push(cause);
  }
  return chain;
}

/** Whether an error that had no cause has got this one. None is a cause of itself, however far away. */
export function addCause(error: Error, cause: unknown): boolean {
  if (causesOf(cause).includes(error)) return false;
  try {
    if ("cause" in error || !Object.isExtensible(error)) return false;
    Object.defineProperty(error, "cause", { value: cause, writable: true, configurable: true });
    return true;
  } catch {
    return false; // A proxy that refuses to be written to.
  }
}

function causeOf(thrown: unknown): unknown {
  return typeof thrown === "object" ? fieldOf(thrown, "cause") : undefined;
}
