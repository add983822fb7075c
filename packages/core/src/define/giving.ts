/** What a flow gives, for the compiler alone: whoever returns a flow gives what that gives. */

declare const OUTPUTS: unique symbol;

export interface Giving<out O> {
  readonly [OUTPUTS]: () => O;
}

/** What is given by a function that returns this: a flow runs in its place. */
export type ResultOf<T> = T extends Giving<infer O> ? O : T;
