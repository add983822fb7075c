/**
 * Typed references to the functions of a module that this thread never imports. A reference is a URL and a name; the
 * types come from `typeof import(...)`, which TypeScript erases. Knows no pool and no thread.
 */
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { MessagePort } from "node:worker_threads";
import type { WorkerContext } from "./context.ts";

declare const CALL: unique symbol;

/** One exported function of a worker module, with its arguments (the context left out) and what it resolves to. */
export interface WorkerRef<Args extends readonly unknown[], out Output> {
  readonly url: string;
  readonly exportName: string;
  readonly [CALL]: (...args: Args) => Output;
}

/** The functions of a module as references; other exports are left out. */
export type WorkerModule<M> = {
  readonly [K in keyof M as M[K] extends AnyFunction ? K : never]: M[K] extends AnyFunction
    ? RefOf<M[K]>
    : never;
};

type AnyFunction = (...args: never[]) => unknown;
type RefOf<F extends AnyFunction> = [Uncrossable<Awaited<ReturnType<F>>>] extends [never]
  ? [Uncrossable<ArgsOf<Parameters<F>>>] extends [never]
    ? WorkerRef<ArgsOf<Parameters<F>>, Awaited<ReturnType<F>>>
    : CannotCross<"an argument of this function", Uncrossable<ArgsOf<Parameters<F>>>>
  : CannotCross<"the result of this function", Uncrossable<Awaited<ReturnType<F>>>>;

/** What stands in the place of a reference to a function that no thread can be given. `pool.task` does not take it. */
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

/** A part of what `WorkerContext` has: the whole of it, the core's `TaskContext`, or a `Pick` of either. */
type IsContext<C> = [keyof C] extends [never]
  ? false
  : [keyof C] extends [keyof WorkerContext]
    ? WorkerContext extends C
      ? true
      : false
    : false;

/** What the structured clone refuses, as far as a type can tell. Looks a few levels deep; `unknown` passes. */
type Uncrossable<T, Depth extends readonly 0[] = []> = unknown extends T
  ? never
  : Depth["length"] extends 4
    ? never
    : T extends AnyFunction
      ? "a function"
      : T extends symbol
        ? "a symbol"
        : T extends Cloneable
          ? never
          : T extends Promise<unknown> | WeakMap<WeakKey, unknown> | WeakSet<WeakKey> | AbortSignal
            ? "an object that belongs to its thread"
            : T extends ReadonlyMap<infer K, infer V>
              ? Uncrossable<K | V, [...Depth, 0]>
              : T extends ReadonlySet<infer E>
                ? Uncrossable<E, [...Depth, 0]>
                : T extends readonly (infer E)[]
                  ? Uncrossable<E, [...Depth, 0]>
                  : T extends object
                    ? { [K in keyof T]-?: Uncrossable<T[K], [...Depth, 0]> }[keyof T]
                    : never;

type Cloneable =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Date
  | RegExp
  | Error
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView
  | Blob
  | URLSearchParams
  | MessagePort;

const urls = new WeakMap<object, string>();

/**
 * The functions of the module at `url`, to be given to `pool.task`:
 *
 * ```ts
 * const image = workerModule<typeof import("./image.worker.js")>(new URL("./image.worker.js", import.meta.url));
 * ```
 *
 * The module is imported in the threads only, when the first call arrives there. A name it does not export is a compile
 * error here and a `WorkerModuleError` at run time. Throws a `TypeError` for a URL that is relative or not one.
 */
export function workerModule<M>(url: URL | string): WorkerModule<M> {
  const href = moduleUrl(url);
  const module = new Proxy(Object.freeze(Object.create(null) as object), {
    // `then` would make the module look like a promise to whoever awaits it.
    get: (_, name) =>
      typeof name === "string" && name !== "then"
        ? Object.freeze({ url: href, exportName: name })
        : undefined,
  });
  urls.set(module, href);
  return module as WorkerModule<M>;
}

/** The URL of what `workerModule` made; `undefined` for anything else. */
export function urlOfModule(module: object): string | undefined {
  return urls.get(module);
}

/** Accepts a URL, the text of one, or an absolute path. */
export function moduleUrl(url: URL | string): string {
  if (url instanceof URL) return url.href;
  if (typeof url === "string" && isAbsolute(url)) return pathToFileURL(url).href;
  if (typeof url === "string" && URL.canParse(url)) return url;
  throw new TypeError(
    `Expected the URL of a module, got \`${String(url)}\`: write new URL("./tasks.js", import.meta.url)`,
  );
}
