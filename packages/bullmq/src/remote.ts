/**
 * Typed references to the functions of a module that this process never imports. A reference is a name; the types come
 * from `typeof import(...)`, which TypeScript erases. Knows no queue and no worker.
 */
import type { RemoteContext } from "./context.ts";

declare const CALL: unique symbol;
declare const FORM: unique symbol;

/**
 * One exported function of a worker's module, with its arguments (the context left out) and what it resolves to. `Form`
 * says whether it takes a context.
 */
export interface RemoteRef<
  Args extends readonly unknown[],
  out Output,
  out Form extends RemoteForm = RemoteForm,
> {
  readonly exportName: string;
  readonly [CALL]: (...args: Args) => Output;
  readonly [FORM]: Form;
}
export type RemoteForm = "with-context" | "plain";

/** The functions of a module as references; other exports are left out. */
export type RemoteModule<M> = {
  readonly [K in keyof M as M[K] extends AnyFunction ? K : never]: M[K] extends AnyFunction
    ? RefOf<M[K]>
    : never;
};

type AnyFunction = (...args: never[]) => unknown;
type RefOf<F extends AnyFunction> = [Uncrossable<Awaited<ReturnType<F>>>] extends [never]
  ? [Uncrossable<ArgsOf<Parameters<F>>>] extends [never]
    ? RemoteRef<ArgsOf<Parameters<F>>, Awaited<ReturnType<F>>, FormOf<Parameters<F>>>
    : CannotCross<"an argument of this function", Uncrossable<ArgsOf<Parameters<F>>>>
  : CannotCross<"the result of this function", Uncrossable<Awaited<ReturnType<F>>>>;

/** What stands in the place of a reference to a function that no worker can be given. `fleet.task` does not take it. */
export interface CannotCross<Part extends string = string, Why extends string = string> {
  readonly cannotCross: Part;
  readonly because: Why;
}

/** The context is the last parameter, and never the only one: the first is always the input. */
type ArgsOf<P extends readonly unknown[]> =
  Required<P> extends readonly [infer First, ...infer Middle, infer Last]
    ? IsContext<Last> extends true
      ? [First, ...Middle]
      : P
    : P;
type FormOf<P extends readonly unknown[]> =
  Required<P> extends readonly [unknown, ...unknown[], infer Last]
    ? IsContext<Last> extends true
      ? "with-context"
      : "plain"
    : "plain";

/** A part of what `RemoteContext` has: the whole of it, the core's `TaskContext`, or a `Pick` of either. */
type IsContext<C> = [keyof C] extends [never]
  ? false
  : [keyof C] extends [keyof RemoteContext]
    ? RemoteContext extends C
      ? true
      : false
    : false;

/** What JSON does not bring back as it was, as far as a type can tell. Looks a few levels deep; `unknown` passes. */
type Uncrossable<T, Depth extends readonly 0[] = []> = unknown extends T
  ? never
  : Depth["length"] extends 4
    ? never
    : T extends string | number | boolean | null | undefined
      ? never
      : T extends AnyFunction
        ? "a function"
        : T extends symbol
          ? "a symbol"
          : T extends bigint
            ? "a bigint: send it as a string"
            : T extends Date
              ? "a Date: send its ISO string"
              : T extends ArrayBuffer | SharedArrayBuffer | ArrayBufferView
                ? "binary data: store it, and send where it is"
                : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
                  ? "a Map or Set: send its entries"
                  : T extends Promise<unknown> | AbortSignal | RegExp | Error | URL
                    ? "an object of a class: send its plain fields"
                    : T extends readonly (infer E)[]
                      ? Uncrossable<E, [...Depth, 0]>
                      : T extends object
                        ? { [K in keyof T]-?: Uncrossable<T[K], [...Depth, 0]> }[keyof T]
                        : never;

/**
 * The functions of a worker's module, to be given to `fleet.task`:
 *
 * ```ts
 * const { render } = remote<typeof import("./jobs.js")>();
 * ```
 *
 * Nothing is imported here. A name that the module does not export is a compile error; at run time the workers say what
 * they have.
 */
export function remote<M>(): RemoteModule<M> {
  const module = new Proxy(Object.freeze(Object.create(null) as object), {
    // `then` would make the module look like a promise to whoever awaits it.
    get: (_, name) =>
      typeof name === "string" && name !== "then" ? Object.freeze({ exportName: name }) : undefined,
  });
  return module as RemoteModule<M>;
}
