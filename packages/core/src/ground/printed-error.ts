/**
 * An error as Node prints it, without frames of ours: in itself, its causes and its members. What is printed is a copy; the
 * errors of users stay as they are. Knows no class but `Error`.
 */
import { fieldOf } from "./field.ts";
import { readableStack } from "./readable-stack.ts";

/** How Node, Bun and Deno let an object say how it is printed. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** Of an aggregate; the others are printed as they are, if at all. */
const MAX_MEMBERS = 100;

/** A copy to be printed, of what is an error of this realm; anything else as it is. Never throws. */
export function printedError(error: unknown, copies: Map<unknown, unknown> = new Map()): unknown {
  if (copies.has(error)) return copies.get(error);
  try {
    if (!(error instanceof Error)) return error;
    const copy: Error = Object.create(
      Object.getPrototypeOf(error),
      Object.getOwnPropertyDescriptors(error),
    );
    copies.set(error, copy);
    const put = (key: PropertyKey, value: unknown): void => {
      const { enumerable = false } = Object.getOwnPropertyDescriptor(error, key) ?? {};
      Object.defineProperty(copy, key, { value, enumerable });
    };
    const { head, frames } = readableStack(error);
    if (head !== "" || frames.length > 0) put("stack", [head, ...frames].join("\n"));
    if (Object.hasOwn(error, "cause")) put("cause", printedError(error.cause, copies));
    const members = fieldOf(error, "errors");
    if (Array.isArray(members)) {
      const shown = members.slice(0, MAX_MEMBERS).map((one) => printedError(one, copies));
      put("errors", [...shown, ...members.slice(MAX_MEMBERS)]);
    }
    // It would ask for a copy again.
    put(INSPECT, undefined);
    return copy;
  } catch {
    return error; // It does not let itself be looked at, or changed in a copy.
  }
}
