/**
 * What an error is called on spans and metrics, where few values are wanted, and what it says. Never throws, whatever
 * the error is.
 */
import { readableStack, summarizeError } from "@astrum/core";

/** Few enough to be a value of a metric's attribute. */
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;
/** A name that a program can have written down; one with an id in it was made. */
const CLASS = /^[A-Za-z_$][\w$.]{0,63}$/;
const MAX_MESSAGE = 4096;
const MAX_STACK = 16_384;
const MAX_CAUSES = 5;

/**
 * `error.type` as the conventions on recording errors have it: `timeout`, a code such as `ECONNRESET`, else the name, else
 * the class, else `_OTHER`. A mapper goes first; what it returns is taken when it is a text.
 */
export function errorTypeOf(
  error: unknown,
  timedOut: boolean,
  mapper?: (error: unknown) => string | undefined,
): string {
  try {
    const mapped: unknown = mapper?.(error);
    if (typeof mapped === "string" && mapped !== "") return mapped;
    if (timedOut) return "timeout";
    const { code, name } = error as { code?: unknown; name?: unknown };
    if (typeof code === "string" && CODE.test(code)) return code;
    if (typeof name === "string" && CLASS.test(name)) return name;
    const { constructor: made } = error as { constructor?: { name?: unknown } };
    if (typeof made?.name === "string" && CLASS.test(made.name)) return made.name;
  } catch {
    // It does not let itself be read, or the mapper threw.
  }
  return timedOut ? "timeout" : "_OTHER";
}

/** Its own message; of one that has none, as Node's own AggregateError, what its members say. */
export function messageOf(error: unknown): string {
  try {
    const { message } = error as { message?: unknown };
    if (typeof message === "string" && message !== "") return message.slice(0, MAX_MESSAGE);
  } catch {
    // It does not let itself be read.
  }
  return summarizeError(error);
}

/** Without our own frames, with the stacks of its causes; `undefined` when it has none at all. */
export function stackOf(error: unknown): string | undefined {
  const stacks: string[] = [];
  const seen = new Set<unknown>();
  for (
    let at = error;
    at !== undefined && !seen.has(at) && seen.size <= MAX_CAUSES;
    at = causeOf(at)
  ) {
    seen.add(at);
    const { head, frames } = readableStack(at);
    if (head === "" && frames.length === 0) continue;
    const text = [head, ...frames].join("\n");
    stacks.push(stacks.length === 0 ? text : `Caused by: ${text}`);
  }
  return stacks.length === 0 ? undefined : stacks.join("\n").slice(0, MAX_STACK);
}

function causeOf(error: unknown): unknown {
  try {
    const { cause } = Object(error) as { cause?: unknown };
    return cause === null ? undefined : cause;
  } catch {
    return undefined; // It does not let itself be read.
  }
}
