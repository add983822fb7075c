import type { Packed } from "../wire.ts";

export declare function pack(thrown: unknown, options?: { readonly reason?: unknown }): Packed;
export declare function unpack(packed: Packed, reason?: unknown): unknown;
