/**
 * Values from what `encode` wrote. What is read may be anything, from a file that anything has happened to: no prototype is
 * set, no code of it is run, and what was never written so has no value. The format is docs/encoding.md. Knows no file.
 */

import { KINDS } from "./built-ins.ts";
import { type EncodedValue, MAX_DEPTH } from "./encode.ts";
import { inPairs, prototypes, text } from "./kind.ts";

/**
 * The value that was encoded: a copy, which shares nothing with what it is read from. `undefined` for one that was left
 * out, that is damaged, or that a newer version wrote. Never throws.
 */
export function decodeValue(encoded: EncodedValue): { readonly value: unknown } | undefined {
  try {
    switch (encoded.encoding) {
      case "undefined":
        return { value: undefined };
      case "json":
        return { value: new Decoder(false).copy(encoded.value) };
      case "tagged":
        return encoded.version === 1 ? { value: new Decoder(true).copy(encoded.value) } : undefined;
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

/** Whether something has the form of an encoded value. Of an encoding that only a newer version knows any holds. */
export function isEncoded(output: unknown): boolean {
  const { encoding, version, why, type, size, detail } = (output ?? {}) as Record<string, unknown>;
  if (encoding === "json" || encoding === "tagged") {
    const known = encoding === "json" || (Number.isInteger(version) && (version as number) > 0);
    return known && Object.hasOwn(output as object, "value");
  }
  if (encoding !== "omitted") return typeof encoding === "string";
  return (
    ["too-large", "not-serialisable", "redacted"].includes(why as string) &&
    typeof type === "string" &&
    (size === undefined || (Number.isInteger(size) && (size as number) >= 0)) &&
    (detail === undefined || typeof detail === "string")
  );
}

type Copies = Record<string, unknown>;

/** Hands an object on as soon as there is one: it may be in itself. */
type Made = (object: object) => void;

class Decoder {
  readonly #tagged: boolean;
  readonly #objects: Map<unknown, object> = new Map();
  #depth = 0;

  constructor(tagged: boolean) {
    this.#tagged = tagged;
  }

  /** Throws for what was never written so. */
  copy(value: unknown): unknown {
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
    return this.#object(value, () => {});
  }

  #object(value: unknown, made: Made): unknown {
    if (typeof value !== "object" || value === null) return refuse();
    if (this.#depth === MAX_DEPTH) return refuse();
    this.#depth++;
    const copy = Array.isArray(value)
      ? this.#array(value, made)
      : this.#tagged && Object.hasOwn(value, "$")
        ? this.#tag(value as { $: unknown }, made)
        : this.#record(value, made);
    this.#depth--;
    return copy;
  }

  #array(values: readonly unknown[], made: Made): unknown[] {
    const copies: unknown[] = [];
    made(copies);
    for (const value of values) copies.push(this.copy(value));
    return copies;
  }

  #record(value: object, made: Made): object {
    if (prototypes(value) > 1) return refuse();
    const copies: Copies = {};
    made(copies);
    for (const key of Object.keys(value)) {
      if (key === "__proto__") return refuse();
      copies[key] = this.copy((value as Copies)[key]);
    }
    return copies;
  }

  #tag(value: { readonly $: unknown }, made: Made): unknown {
    const { $: parts } = value;
    if (!Array.isArray(parts) || Object.keys(value).length > 1) return refuse();
    const [tag, ...facts] = parts;
    switch (tag) {
      case "undefined":
        return undefined;
      case "number":
        return NUMBERS.get(facts[0]) ?? refuse();
      case "bigint":
        return /^-?\d+$/.test(text(facts[0])) ? BigInt(text(facts[0])) : refuse();
      case "same":
        return this.#objects.get(facts[0]) ?? refuse();
      case "object":
        return this.#numbered(facts[0], facts[1]);
      case "record":
        return this.#pairs({}, facts, made);
      case "bare":
        return this.#pairs(Object.create(null), facts, made);
      default:
        return this.#kind(tag, facts, made);
    }
  }

  #numbered(number: unknown, value: unknown): unknown {
    if (typeof number !== "number" || this.#objects.has(number)) return refuse();
    return this.#object(value, (object) => this.#objects.set(number, object));
  }

  #pairs(copies: object, pairs: readonly unknown[], made: Made): object {
    inPairs(pairs);
    made(copies);
    for (let at = 0; at < pairs.length; at += 2) {
      const value = this.copy(pairs[at + 1]);
      const property = { value, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(copies, text(pairs[at]), property);
    }
    return copies;
  }

  #kind(tag: unknown, facts: unknown[], made: Made): object {
    const kind = KINDS.get(tag as string) ?? refuse();
    const written = kind.parts === undefined ? undefined : facts.pop();
    const copy = kind.make(facts);
    made(copy);
    if (kind.parts !== undefined) {
      if (!Array.isArray(written)) return refuse();
      kind.parts.add(
        copy,
        written.map((part) => this.copy(part)),
      );
    }
    return copy;
  }
}

const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ["-0", -0],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function refuse(): never {
  throw new TypeError("No value was ever written so");
}
