/**
 * Errors as a kind of value: unlike the others they may be of any class, and come back as one of a class of that name, which
 * descends from the same built-in class. Knows no other kind.
 */
import { fieldOf } from "./field.ts";
import { inPairs, type Kind, text } from "./kind.ts";

/** Those that say more come first. */
const BASES: readonly { readonly prototype: object; readonly name: string }[] = [
  AggregateError,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
];
/** What every error says. */
const SAID: ReadonlySet<string> = new Set(["name", "message", "stack"]);
/** What an error has of its own, though it is not counted among its properties. */
const HIDDEN: readonly string[] = ["cause", "errors"];
/** It counts wherever a class has it: what those read who try again, and the errors that it is made of. */
const INHERITED: readonly string[] = ["code", "retryable", "retryAfterMs", "retryAfter", "errors"];

export const ERROR: Kind<Error> = {
  is: (value) =>
    value instanceof Error || Object.prototype.toString.call(value) === "[object Error]",
  facts(error) {
    const stack = fieldOf(error, "stack");
    const base = baseOf(error);
    const className = fieldOf(fieldOf(error, "constructor"), "name");
    const own = typeof className === "string" && className !== "" && className !== base;
    return [
      base,
      textIn(error, "name"),
      textIn(error, "message"),
      typeof stack === "string" ? stack : null,
      ...(own ? [className] : []),
    ];
  },
  make([base, name, message, stack, className]) {
    const error = errorOf(text(base), text(message), text(name), text(className ?? base));
    if (error.name !== name) define(error, "name", name);
    define(error, "stack", stack === null ? undefined : text(stack));
    return error;
  },
  parts: {
    spared: true,
    of(error) {
      const own = [...Object.keys(error), ...HIDDEN].filter((key) => Object.hasOwn(error, key));
      const inherited = INHERITED.filter((key) => said(error, key) !== undefined);
      return [...new Set([...inherited, ...own])]
        .filter((key) => !SAID.has(key))
        .flatMap((key) => [key, fieldOf(error, key)]);
    },
    step: (parts, at) => `.${parts[at - (at % 2)]}`,
    add(error, parts) {
      inPairs(parts);
      for (let at = 0; at < parts.length; at += 2) {
        const key = text(parts[at]);
        define(error, key, parts[at + 1], !HIDDEN.includes(key));
      }
    },
  },
};

function baseOf(error: Error): string {
  if (error instanceof (globalThis.DOMException ?? Nothing)) return "DOMException";
  const base = BASES.find(({ prototype }) => Object.prototype.isPrototypeOf.call(prototype, error));
  return base?.name ?? "Error";
}

class Nothing {}

/** Where an aborted signal has a number of old as its code, which comes back with its name. */
function said(error: Error, key: string): unknown {
  return key === "code" && baseOf(error) === "DOMException" ? undefined : fieldOf(error, key);
}

function errorOf(base: string, message: string, name: string, className: string): Error {
  if (base === "DOMException" && globalThis.DOMException) return new DOMException(message, name);
  const Base = (BASES.find((known) => known.name === base) ?? Error) as ErrorConstructor;
  const args = base === "AggregateError" ? [[], message] : [message];
  // The class itself is elsewhere: one of its name keeps what is printed of the error as it was.
  const Class = className === base ? Base : { [className]: class extends Base {} }[className];
  return Reflect.construct(Base, args, Class ?? Base) as Error;
}

/** As it is printed. */
function textIn(error: Error, key: string): string {
  const said = fieldOf(error, key);
  if (said === undefined) return "";
  try {
    return String(said);
  } catch {
    return ""; // Of the user's.
  }
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}
