/**
 * Typed references to the functions of a module that this thread never imports. A reference is a URL and a name; the
 * types come from `typeof import(...)`, which TypeScript erases. Knows no pool and no thread.
 */
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type AnyFunction,
  type ArgsOf,
  type IfCrosses,
  type TakesContext,
  text,
} from "astrum-crossing";
import type { WorkerContext } from "./context.ts";

declare const CALL: unique symbol;
declare const FORM: unique symbol;

/**
 * One exported function of a worker module, with its arguments (the context left out) and what it resolves to. `Form` says
 * whether it takes a context.
 */
export interface WorkerRef<
  Args extends readonly unknown[],
  out Output,
  out Form extends WorkerForm = WorkerForm,
> {
  readonly url: string;
  readonly exportName: string;
  readonly [CALL]: (...args: Args) => Output;
  readonly [FORM]: Form;
}
export type WorkerForm = "with-context" | "plain";

/** The functions of a module as references; other exports are left out. */
export type WorkerModule<M> = {
  readonly [K in keyof M as M[K] extends AnyFunction ? K : never]: M[K] extends AnyFunction
    ? RefOf<M[K]>
    : never;
};

type RefOf<F extends AnyFunction> = IfCrosses<
  "clone",
  F,
  WorkerContext,
  WorkerRef<ArgsOf<Parameters<F>, WorkerContext>, Awaited<ReturnType<F>>, FormOf<F>>
>;

type FormOf<F extends AnyFunction> =
  TakesContext<Parameters<F>, WorkerContext> extends true ? "with-context" : "plain";

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
    `Expected the URL of a module, got \`${text(url)}\`: write new URL("./tasks.js", import.meta.url)`,
  );
}
