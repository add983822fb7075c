import type { Packed } from "../wire.ts";

export declare function pack(thrown: unknown, path?: string): Packed;
export declare function unpack(packed: Packed): unknown;
