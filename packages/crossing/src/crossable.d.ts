/**
 * What can cross to another thread (by structured clone) or process (as the core writes values down) as far as a type can
 * tell, and how a function looks from the other side. Types only; what they let through is checked again at run time.
 */
import type { MessagePort } from "node:worker_threads";

export type Medium = "clone" | "encoding";

export type AnyFunction = (...args: never[]) => unknown;

/** What stands in the place of a reference to a function that the other side cannot be given. No call takes it. */
export interface CannotCross<Part extends string = string, Why extends string = string> {
  readonly cannotCross: Part;
  readonly because: Why;
}

/** `Ref` when what `F` takes, but for its context, and what it resolves to can cross; else what cannot, and why. */
export type IfCrosses<By extends Medium, F extends AnyFunction, Context, Ref> =
  IsMissing<AbortSignal> extends true
    ? CannotCross<"any function", WithoutTypesOfNode>
    : [Uncrossable<By, Awaited<ReturnType<F>>>] extends [never]
      ? [Uncrossable<By, ArgsOf<Parameters<F>, Context>>] extends [never]
        ? Ref
        : CannotCross<
            "an argument of this function",
            Uncrossable<By, ArgsOf<Parameters<F>, Context>>
          >
      : CannotCross<"the result of this function", Uncrossable<By, Awaited<ReturnType<F>>>>;

type WithoutTypesOfNode =
  'the types of Node are missing: install @types/node, and list "node" in `types` of tsconfig.json';

/** The parameters without the context, which is the last one and never the only one: the first is always the input. */
export type ArgsOf<P extends readonly unknown[], Context> =
  Required<P> extends readonly [infer First, ...infer Middle, infer Last]
    ? IsContext<Last, Context> extends true
      ? [First, ...Middle]
      : P
    : P;

export type TakesContext<P extends readonly unknown[], Context> =
  Required<P> extends readonly [unknown, ...unknown[], infer Last]
    ? IsContext<Last, Context>
    : false;

/** A part of what the other side's context has: the whole of it, the core's `TaskContext`, or a `Pick` of either. */
type IsContext<C, Context> = [keyof C] extends [never]
  ? false
  : [keyof C] extends [keyof Context]
    ? Context extends C
      ? true
      : false
    : false;

/** Why not, for each part of `T` that cannot cross. Looks a few levels deep; `unknown` passes. */
type Uncrossable<By extends Medium, T, Depth extends readonly 0[] = []> = unknown extends T
  ? never
  : Depth["length"] extends 4
    ? never
    : T extends unknown
      ? InPart<By, T, By extends "encoding" ? ByEncoding<T> : ByClone<T>, [...Depth, 0]>
      : never;

/** `Verdict`: that it crosses as a whole, that its parts decide, or why it does not. */
type InPart<By extends Medium, T, Verdict, Depth extends readonly 0[]> = Verdict extends "crosses"
  ? never
  : Verdict extends "parts"
    ? T extends ReadonlyMap<infer K, infer V>
      ? Uncrossable<By, K | V, Depth>
      : T extends ReadonlySet<infer E>
        ? Uncrossable<By, E, Depth>
        : T extends readonly (infer E)[]
          ? Uncrossable<By, E, Depth>
          : { [K in keyof T]-?: Uncrossable<By, T[K], Depth> }[keyof T]
    : Verdict;

type ByClone<T> = T extends AnyFunction
  ? "a function"
  : T extends symbol
    ? "a symbol"
    : T extends
          | Primitive
          | bigint
          | Date
          | RegExp
          | Error
          | Binary
          | Known<Blob>
          | Known<MessagePort>
      ? "crosses"
      : T extends Known<URL> | Known<URLSearchParams>
        ? "an object that arrives empty: send its text"
        : // Before the weak ones: a map of objects has all the methods of a weak map.
          T extends Collection
          ? "parts"
          : T extends
                | Promise<unknown>
                | WeakMap<WeakKey, unknown>
                | WeakSet<WeakKey>
                | Known<AbortSignal>
            ? "an object that belongs to its thread"
            : "parts";

type ByEncoding<T> = T extends AnyFunction
  ? "a function"
  : T extends symbol
    ? "a symbol"
    : T extends Primitive | bigint | Date | RegExp | Error | Known<URL>
      ? "crosses"
      : T extends SharedArrayBuffer
        ? "memory that threads share"
        : T extends ArrayBuffer | ArrayBufferView
          ? "crosses"
          : T extends Collection
            ? "parts"
            : T extends
                  | Promise<unknown>
                  | WeakMap<WeakKey, unknown>
                  | WeakSet<WeakKey>
                  | Known<AbortSignal>
              ? "an object that belongs to its process"
              : T extends Known<Blob> | Known<URLSearchParams>
                ? "an object of a class: send what it holds"
                : "parts";

type Primitive = string | number | boolean | null | undefined;
type Collection = ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>;
type Binary = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** A type of the environment, which nothing is where that does not have it. */
type Known<T> = IsMissing<T> extends true ? never : T;
/** A name that cannot be found has every key, and makes everything `any` that looks at it in another way. */
type IsMissing<T> = string extends keyof T ? true : false;
