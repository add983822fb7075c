/** The objects that JSON has not and that come back as they were, by the tags that stand for them. Knows no error. */

import { describe } from "./describe.ts";
import { ERROR } from "./error-kind.ts";
import { getter, inPairs, isBare, type Kind, number, prototypes, takes, text } from "./kind.ts";

const DATE: Kind<Date> = {
  is: (value) => isBare(value, 2) && takes(Date.prototype.getTime, value),
  facts(value) {
    const time = value.getTime();
    return [Number.isNaN(time) ? null : time];
  },
  make: ([time]) => new Date(time === null ? Number.NaN : number(time)),
};

const PATTERN: Kind<RegExp> = {
  is: (value) =>
    isBare(value, 2, 1) &&
    takes(getter(RegExp.prototype, "source"), value) &&
    Number.isFinite((value as RegExp).lastIndex),
  facts: ({ source, flags, lastIndex }) => [source, flags, lastIndex],
  make([source, flags, lastIndex]) {
    const made = new RegExp(text(source), text(flags));
    made.lastIndex = number(lastIndex);
    return made;
  },
};

const ADDRESS: Kind<URL> = {
  is: (value) => isBare(value, 2) && takes(getter(globalThis.URL?.prototype, "href"), value),
  facts: ({ href }) => [href],
  make: ([href]) => new URL(text(href)),
};

const MAP: Kind<Map<unknown, unknown>> = {
  is: (value) => isBare(value, 2) && takes(getter(Map.prototype, "size"), value),
  facts: () => [],
  make: () => new Map(),
  parts: {
    of: (value) => Array.from(value).flat(),
    step: (parts, at) => `.get(${describe(parts[at - (at % 2)])})`,
    add(made, parts) {
      inPairs(parts);
      for (let at = 0; at < parts.length; at += 2) made.set(parts[at], parts[at + 1]);
    },
  },
};

const SET: Kind<Set<unknown>> = {
  is: (value) => isBare(value, 2) && takes(getter(Set.prototype, "size"), value),
  facts: () => [],
  make: () => new Set(),
  parts: {
    of: (value) => Array.from(value),
    step: (_, at) => `[${at}]`,
    add(made, parts) {
      for (const part of parts) made.add(part);
    },
  },
};

type View = Uint8Array | DataView;

/** What only Node has. */
interface Buffers {
  isBuffer(value: unknown): boolean;
  from(bytes: ArrayBuffer): Uint8Array;
}
const BUFFERS = (globalThis as { readonly Buffer?: Buffers }).Buffer;

/** Its own bytes, never what lies beside them in the same memory. */
const BYTES: Kind<ArrayBuffer | View> = {
  is: (value) => classOfBytes(value) !== undefined,
  facts: (value) => [classOfBytes(value) as string, toBase64(bytesOf(value))],
  make([Class, base64]) {
    const bytes = ofBase64(text(base64));
    if (Class === "ArrayBuffer") return bytes.buffer as ArrayBuffer;
    if (Class === "DataView") return new DataView(bytes.buffer);
    // Where there are none, one reads as what it descends from.
    if (Class === "Buffer") return BUFFERS?.from(bytes.buffer) ?? bytes;
    const View = TYPED.find(({ name }) => name === Class);
    if (View === undefined) throw new TypeError("Expected the name of a view");
    return new View(bytes.buffer) as Uint8Array;
  },
};

const TYPED = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

const nameOfTyped = getter(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
const sizeOfBuffer = getter(ArrayBuffer.prototype, "byteLength");

/** None for views of memory that threads share: a copy of that would be something else. */
function classOfBytes(value: object): string | undefined {
  const inherits = prototypes(value);
  if (takes(sizeOfBuffer, value)) return inherits === 2 ? "ArrayBuffer" : undefined;
  if (!ArrayBuffer.isView(value) || !takes(sizeOfBuffer, value.buffer)) return undefined;
  const typed = nameOfTyped?.call(value as never) as string | undefined;
  if (typed === undefined) return inherits === 2 ? "DataView" : undefined;
  if (inherits === 3) return TYPED.some(({ name }) => name === typed) ? typed : undefined;
  return inherits === 4 && BUFFERS?.isBuffer(value) ? "Buffer" : undefined;
}

function bytesOf(value: ArrayBuffer | View): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}

/** A call takes only so many arguments. */
const CHUNK = 0x2000;

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

function ofBase64(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** What an object is, but for records and arrays; by tag. */
export const KINDS: ReadonlyMap<string, Kind<object>> = new Map(
  Object.entries({
    Date: DATE,
    RegExp: PATTERN,
    URL: ADDRESS,
    Map: MAP,
    Set: SET,
    bytes: BYTES,
    Error: ERROR,
  }) as unknown as [string, Kind<object>][],
);
