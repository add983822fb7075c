/**
 * Typed references to the functions of a module that this process never imports. A reference is a name; the types come
 * from `typeof import(...)`, which TypeScript erases. Knows no queue and no worker.
 */
import type { AnyFunction, ArgsOf, IfCrosses, TakesContext } from "astrum-crossing";
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

type RefOf<F extends AnyFunction> = IfCrosses<
  "encoding",
  F,
  RemoteContext,
  RemoteRef<ArgsOf<Parameters<F>, RemoteContext>, Awaited<ReturnType<F>>, FormOf<F>>
>;

type FormOf<F extends AnyFunction> =
  TakesContext<Parameters<F>, RemoteContext> extends true ? "with-context" : "plain";

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
