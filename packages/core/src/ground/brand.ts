/**
 * What the objects are called that this package hands out, wherever a message has to name one: a class name is ours
 * alone, and a minifier's to change. Knows names; knows none of the objects.
 */
import { VERSION } from "./version.ts";

/** What an object has under the key `~astrum`, the same in every copy of this package in the process. */
export interface Brand {
  readonly kind:
    | "task"
    | "input"
    | "binding"
    | "flow"
    | "plan"
    | "report"
    | "semaphore"
    | "rate limit";
  /** As a message has it: "a task", "an input made with pick()". */
  readonly what: string;
  readonly version: string;
}

export function brand(kind: Brand["kind"], what = `a ${kind}`): Brand {
  return { kind, what, version: VERSION };
}

/** The brand of an object, whichever copy of this package has made it. Never throws. */
export function brandOf(value: unknown): Brand | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    const found = (value as { readonly "~astrum"?: Partial<Brand> })["~astrum"];
    // A mock may have an answer to every name.
    return typeof found?.what === "string" ? (found as Brand) : undefined;
  } catch {
    return undefined; // A proxy that refuses to be looked at.
  }
}

/**
 * Why an object of one of these kinds is refused though it looks right: its class is not this copy's, so another copy of
 * the package has made it.
 */
export function otherCopy(value: unknown, ...kinds: readonly Brand["kind"][]): string | undefined {
  const made = brandOf(value);
  if (made === undefined || !kinds.includes(made.kind)) return undefined;
  return `${made.what} of another copy of @astrum/core (version ${made.version}, this one is ${VERSION}): see to it that one is loaded: \`npm ls @astrum/core\` shows whether two are installed, and one is two where both import and require() load it`;
}
