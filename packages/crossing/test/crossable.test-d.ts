/** What crosses by which medium, as types. Checked by tsc. */
import { expectTypeOf } from "vitest";
import type { AnyFunction, ArgsOf, CannotCross, IfCrosses, TakesContext } from "../src/index.js";

interface Context {
  readonly signal: AbortSignal;
  progress(fraction: number): void;
  readonly attempt: number;
}

type Cloned<F extends AnyFunction> = IfCrosses<"clone", F, Context, "crosses">;
type Encoded<F extends AnyFunction> = IfCrosses<"encoding", F, Context, "crosses">;
type Result<Why extends string> = CannotCross<"the result of this function", Why>;
type Argument<Why extends string> = CannotCross<"an argument of this function", Why>;

declare class Handle {
  readonly fd: number;
  close(): void;
}
interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}

// By clone: everything that the structured clone brings back as it was.
expectTypeOf<
  Cloned<(input: { readonly at: Date; readonly n: bigint }) => RegExp>
>().toEqualTypeOf<"crosses">();
expectTypeOf<
  Cloned<(bytes: Uint8Array) => Promise<SharedArrayBuffer>>
>().toEqualTypeOf<"crosses">();
expectTypeOf<Cloned<() => Map<object, Set<Date[]>>>>().toEqualTypeOf<"crosses">();
expectTypeOf<Cloned<() => Set<{ readonly a: 1 }>>>().toEqualTypeOf<"crosses">();
expectTypeOf<Cloned<(error: Error, blob: Blob) => void>>().toEqualTypeOf<"crosses">();
expectTypeOf<Cloned<(tree: Tree) => Tree | undefined>>().toEqualTypeOf<"crosses">();
expectTypeOf<Cloned<() => never>>().toEqualTypeOf<"crosses">();

expectTypeOf<Cloned<() => { readonly list: (() => void)[] }>>().toEqualTypeOf<
  Result<"a function">
>();
expectTypeOf<Cloned<() => Handle>>().toEqualTypeOf<Result<"a function">>();
expectTypeOf<Cloned<(input: { readonly key?: symbol }) => void>>().toEqualTypeOf<
  Argument<"a symbol">
>();
type Foreign = "an object that belongs to its thread";
expectTypeOf<Cloned<() => { readonly w: WeakMap<object, 1> }>>().toEqualTypeOf<Result<Foreign>>();
expectTypeOf<Cloned<(input: { readonly soon: Promise<1> }) => 1>>().toEqualTypeOf<
  Argument<Foreign>
>();
expectTypeOf<Cloned<(signal: AbortSignal) => 1>>().toEqualTypeOf<Argument<Foreign>>();
type Empty = "an object that arrives empty: send its text";
expectTypeOf<Cloned<(url: URL) => URLSearchParams>>().toEqualTypeOf<Result<Empty>>();

// As the core writes values down: what comes back as it was.
expectTypeOf<
  Encoded<(input: Tree) => { readonly a?: string | null }[]>
>().toEqualTypeOf<"crosses">();
expectTypeOf<Encoded<() => void>>().toEqualTypeOf<"crosses">();
expectTypeOf<
  Encoded<(input: { readonly at: Date; readonly n: bigint }) => RegExp>
>().toEqualTypeOf<"crosses">();
expectTypeOf<Encoded<(url: URL, bytes: Uint8Array) => DataView>>().toEqualTypeOf<"crosses">();
expectTypeOf<Encoded<(bytes: ArrayBuffer) => Buffer[]>>().toEqualTypeOf<"crosses">();
expectTypeOf<Encoded<(error: TypeError) => Map<object, Set<Date[]>>>>().toEqualTypeOf<"crosses">();

expectTypeOf<Encoded<() => Map<1, () => void>>>().toEqualTypeOf<Result<"a function">>();
expectTypeOf<Encoded<() => Handle>>().toEqualTypeOf<Result<"a function">>();
expectTypeOf<Encoded<() => SharedArrayBuffer>>().toEqualTypeOf<
  Result<"memory that threads share">
>();
expectTypeOf<Encoded<(blob: Blob) => 1>>().toEqualTypeOf<
  Argument<"an object of a class: send what it holds">
>();
expectTypeOf<Encoded<(input: { readonly soon: Promise<1> }) => 1>>().toEqualTypeOf<
  Argument<"an object that belongs to its process">
>();

// What nobody knows passes; it is looked at when it is sent.
expectTypeOf<Cloned<(input: unknown) => Promise<unknown>>>().toEqualTypeOf<"crosses">();
expectTypeOf<Encoded<(input: Record<string, unknown>) => unknown[]>>().toEqualTypeOf<"crosses">();

// The context is the last parameter, or a part of it is; never the only one.
expectTypeOf<ArgsOf<[string, Context], Context>>().toEqualTypeOf<[string]>();
expectTypeOf<ArgsOf<[string, number, Pick<Context, "signal">], Context>>().toEqualTypeOf<
  [string, number]
>();
expectTypeOf<ArgsOf<[string, Context?], Context>>().toEqualTypeOf<[string]>();
expectTypeOf<ArgsOf<[Context], Context>>().toEqualTypeOf<[Context]>();
expectTypeOf<ArgsOf<[string, { readonly signal: string }], Context>>().toEqualTypeOf<
  [string, { readonly signal: string }]
>();
expectTypeOf<TakesContext<[string, Context], Context>>().toEqualTypeOf<true>();
expectTypeOf<TakesContext<[string, number], Context>>().toEqualTypeOf<false>();
expectTypeOf<TakesContext<[string], Context>>().toEqualTypeOf<false>();
