import type { Packed } from "../wire.ts";

export declare function pack(
  thrown: unknown,
  options?: { readonly path?: string; readonly reason?: unknown },
): Packed;
export declare function unpack(packed: Packed, reason?: unknown): unknown;
