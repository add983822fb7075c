/** How an object that JSON has not is taken apart and made again, and how it is known. Knows no kind in particular. */

/** What is written of an object as it is. */
type Fact = string | number | null;

export interface Kind<V extends object> {
  /** Whether an object is that by nature, and nothing more. May throw for one that does not let itself be looked at. */
  is(value: object): boolean;
  facts(value: V): Fact[];
  /** From its facts; throws for any that it never gave. */
  make(facts: readonly unknown[]): V;
  readonly parts?: Parts<V>;
}

/** Values of any kind that are in it, and that it may be in. */
interface Parts<V> {
  of(value: V): unknown[];
  /** The way to a part, as one would write it. */
  step(parts: readonly unknown[], at: number): string;
  /** Into one that was made without them. */
  add(made: V, parts: readonly unknown[]): void;
  /** Names and values by turns; a value that cannot be written is left out with its name. */
  readonly spared?: true;
}

/** Whether nothing but built-in classes made it, of whichever realm, and it has `own` properties. */
export function isBare(value: object, inherits: number, own = 0): boolean {
  return prototypes(value) === inherits && Reflect.ownKeys(value).length === own;
}

/** How many prototypes a value has: one for a record, two for an array or a map; more for instances of classes. */
export function prototypes(value: object): number {
  let count = 0;
  let at: unknown = Object.getPrototypeOf(value);
  for (; at !== null && count < 5; at = Object.getPrototypeOf(at)) count++;
  return count;
}

/** Whether a method of a built-in class takes it for one of its own, of whichever realm. */
export function takes(method: ((this: never) => unknown) | undefined, value: object): boolean {
  try {
    return method !== undefined && method.call(value as never) !== undefined;
  } catch {
    return false;
  }
}

export function getter(
  prototype: object | undefined,
  key: PropertyKey,
): ((this: never) => unknown) | undefined {
  return prototype && Object.getOwnPropertyDescriptor(prototype, key)?.get;
}

/** A fact that can only be a text. */
export function text(fact: unknown): string {
  if (typeof fact !== "string") throw new TypeError("Expected a text");
  return fact;
}

/** A fact that can only be a number. */
export function number(fact: unknown): number {
  if (typeof fact !== "number") throw new TypeError("Expected a number");
  return fact;
}

/** Names or keys, and values by turns. */
export function inPairs(parts: readonly unknown[]): void {
  if (parts.length % 2 === 1) throw new TypeError("Expected pairs");
}
