/** What a function of the user may give in the place of an answer: the promise of one. Waits for nothing. */
import { describe } from "./describe.ts";

/** Whatever has a `then`: a promise, also of another realm or library, or a lazy query. Never throws. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return describe(value) === "a promise";
}

/** The same as a promise of the language, whatever the given one does when it is looked at: that rejects. */
export function settling<T>(value: PromiseLike<T>): Promise<T> {
  return new Promise((resolve) => resolve(value));
}
