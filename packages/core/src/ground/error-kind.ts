/**
 * Errors as a kind of value: unlike the others they may be of any class, and come back as the built-in class that theirs
 * descends from, under the name that they had. Knows no other kind.
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

export const ERROR: Kind<Error> = {
  is: (value) =>
    value instanceof Error || Object.prototype.toString.call(value) === "[object Error]",
  facts(error) {
    const stack = fieldOf(error, "stack");
    return [
      baseOf(error),
      textIn(error, "name"),
      textIn(error, "message"),
      typeof stack === "string" ? stack : null,
    ];
  },
  make([base, name, message, stack]) {
    const error = errorOf(text(base), text(message), text(name));
    if (error.name !== name) define(error, "name", name);
    define(error, "stack", stack === null ? undefined : text(stack));
    return error;
  },
  parts: {
    spared: true,
    of(error) {
      const own = new Set([...Object.keys(error), ...HIDDEN]);
      return [...own]
        .filter((key) => !SAID.has(key) && Object.hasOwn(error, key))
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

function errorOf(base: string, message: string, name: string): Error {
  switch (base) {
    case "AggregateError":
      return new AggregateError([], message);
    case "DOMException":
      return globalThis.DOMException ? new DOMException(message, name) : new Error(message);
    default: {
      const Base = BASES.find((known) => known.name === base) ?? Error;
      return new (Base as ErrorConstructor)(message);
    }
  }
}

function textIn(error: Error, key: string): string {
  const said = fieldOf(error, key);
  return typeof said === "string" ? said : "";
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}
