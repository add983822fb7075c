/** Values that are written down come back as they were, or are said to have been left out; what was damaged comes back as nothing. */

import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KINDS } from "../../src/ground/built-ins.ts";
import { decodeValue } from "../../src/ground/decode.ts";
import { type EncodedValue, encodeValue } from "../../src/ground/encode.ts";

/** Through a file and back. */
function back(value: unknown): unknown {
  const encoded = encodeValue(value);
  if (encoded.encoding === "omitted") throw new Error(encoded.detail);
  const read = decodeValue(JSON.parse(JSON.stringify(encoded)) as EncodedValue);
  if (read === undefined) throw new Error(`not read: ${JSON.stringify(encoded)}`);
  return read.value;
}

/** What it says when a value has no encoding, and whoever asked is told. */
function detail(value: unknown): string | undefined {
  const encoded = encodeValue(value);
  return encoded.encoding === "omitted" ? encoded.detail : undefined;
}

describe("A value that is written down", () => {
  it.each([
    ["undefined", undefined],
    ["undefined in an array and a record", [undefined, { a: undefined }]],
    ["-0", [-0]],
    [
      "numbers that are not finite",
      [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ],
    ["a bigint", { big: -(2n ** 200n) }],
    ["a Date", new Date(1_764_000_000_123)],
    ["a Date that is none", new Date(Number.NaN)],
    [
      "a Map of Maps",
      new Map<unknown, unknown>([
        ["a", new Map([[{ k: 1 }, [2]]])],
        [[1], Number.NaN],
      ]),
    ],
    ["a Set", new Set([1, "1", [1]])],
    ["a URL", new URL("https://a.example/b?c=d#e")],
    ["an ArrayBuffer", new Uint8Array([1, 2, 255]).buffer],
    ["a DataView", new DataView(new Uint8Array([1, 2, 255]).buffer)],
    ["a Buffer", Buffer.from("übung")],
    [
      "typed arrays",
      [
        new Float64Array([0.1, -0, Number.NaN]),
        new BigUint64Array([2n ** 63n]),
        new Uint8ClampedArray(3),
      ],
    ],
    ["a large buffer", new Uint8Array(100_000).map((_, at) => at)],
    ["a record without a prototype", Object.assign(Object.create(null), { a: 1 })],
    ["names that mean something", JSON.parse('{"$":["Date",0],"__proto__":{"a":1},"toJSON":"no"}')],
    ["a record of the name that tags have", { $: { $: ["undefined"] } }],
    ["lone surrogates", "\ud800 \udfff"],
  ])("comes back as it was: %s", (_, value) => {
    const read = back(value);
    expect(read).toStrictEqual(value);
    expect(Object.getPrototypeOf(read ?? 0)).toBe(Object.getPrototypeOf(value ?? 0));
  });

  it("comes back as it was: a pattern, with where it stopped", () => {
    const pattern = /a(?<b>\/)/giu;
    pattern.lastIndex = 3;
    const read = back(pattern) as RegExp;
    expect([read.source, read.flags, read.lastIndex]).toEqual([pattern.source, "giu", 3]);
  });

  it("stays JSON when it is", () => {
    const value = { a: [1, "b", null, true, { c: {} }] };
    expect(encodeValue(value)).toEqual({ encoding: "json", value });
    expect(encodeValue(new Date(0))).toEqual({
      encoding: "tagged",
      version: 1,
      value: { $: ["Date", 0] },
    });
  });

  it("keeps who is who in records that are written as lists", () => {
    const shared = { x: 1 };
    const bare = Object.assign(Object.create(null), { shared });
    const meant = { $: shared, toJSON: bare };
    const read = back([bare, meant, shared]) as [typeof bare, typeof meant, unknown];
    expect(read[0].shared).toBe(read[2]);
    expect(read[1].$).toBe(read[2]);
    expect(read[1].toJSON).toBe(read[0]);
  });

  it("may be a record without a prototype that has 300,000 keys", () => {
    const groups = Object.create(null);
    for (let at = 0; at < 300_000; at++) groups[`k${at}`] = at;
    const read = back(groups) as Record<string, number>;
    expect([Object.keys(read).length, read.k299999]).toEqual([300_000, 299_999]);
  });

  it("keeps who is who: objects that are in it more than once, or in themselves", () => {
    const shared = { name: "both" };
    const date = new Date(5);
    const ring: Record<string, unknown> = { shared, list: [shared, date], date };
    ring.self = ring;
    const map = new Map<unknown, unknown>([[shared, ring]]);
    map.set(map, new Set([map]));
    ring.map = map;
    const error = new Error("round");
    Object.assign(error, { cause: error, ring });
    ring.error = error;
    const read = back(ring) as typeof ring;
    const list = read.list as unknown[];
    expect(read.self).toBe(read);
    expect(list[0]).toBe(read.shared);
    expect(list[1]).toBe(read.date);
    expect((read.map as typeof map).get(read.shared)).toBe(read);
    expect([...((read.map as typeof map).get(read.map) as Set<unknown>)]).toEqual([read.map]);
    expect((read.error as Error).cause).toBe(read.error);
    expect((read.error as { ring?: unknown }).ring).toBe(read);
    expect(shared).toEqual({ name: "both" });
  });

  it("comes back the same whatever it is, in any mixture", () => {
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "xsmall" },
        fc.anything({
          maxKeys: 3,
          maxDepth: 2,
          withBigInt: true,
          withDate: true,
          withMap: true,
          withNullPrototype: true,
          withSet: true,
          withTypedArray: true,
        }),
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("$", "toJSON")), tie("value")),
        fc.array(tie("value")).map((members) => [members, new Set(members), members]),
        fc.tuple(tie("value"), tie("value")).map(([key, value]) => new Map([[key, value]])),
      ),
    }));
    fc.assert(
      fc.property(values.value, (value) => {
        expect(back(value)).toStrictEqual(value);
      }),
      { numRuns: 300, seed: 20_260_101 },
    );
  });

  it.each([
    ["a built-in class", () => new RangeError("too far"), RangeError],
    ["an abort", () => AbortSignal.abort().reason, DOMException],
    ["no class at all", () => runInNewContext('new Error("elsewhere")'), Error],
  ])("comes back as an error of its class, name, message and stack: %s", (_, make, Class) => {
    const error = make() as Error;
    const read = back({ error }) as { error: Error };
    expect(read.error).toBeInstanceOf(Class);
    expect({ name: read.error.name, message: read.error.message, stack: read.error.stack }).toEqual(
      {
        name: error.name,
        message: error.message,
        stack: error.stack,
      },
    );
  });

  it("of an error keeps causes, members and fields, but for fields that cannot be written", () => {
    class HttpError extends TypeError {
      override readonly name = "HttpError";
      readonly status = 503;
      readonly socket = { write() {} };
      readonly headers = new Map([["retry-after", 3]]);
    }
    const inner = new HttpError("busy", { cause: new Error("reset") });
    const all = new AggregateError([inner, inner], "two", { cause: "text" });
    const read = back(all) as AggregateError & { errors: [HttpError, HttpError] };
    expect(read).toBeInstanceOf(AggregateError);
    expect(read.cause).toBe("text");
    const [first, second] = read.errors;
    expect(first).toBe(second);
    expect(first).toBeInstanceOf(TypeError);
    expect(first.constructor.name).toBe("HttpError");
    expect(Object.keys(first)).toEqual(["status", "headers"]);
    expect(first).toMatchObject({ name: "HttpError", status: 503, headers: inner.headers });
    expect((first.cause as Error).message).toBe("reset");
  });

  it("of an error keeps what is printed of a message and a name that are no texts, and errors that its class has", () => {
    class Invalid extends Error {
      readonly issues = ["too short"];
      get errors(): readonly string[] {
        return this.issues;
      }
    }
    const error = Object.assign(new Invalid(), { message: ["a", 5], name: undefined });
    const read = back(error) as Invalid;
    expect(read).toMatchObject({ message: "a,5", name: "", errors: ["too short"] });
    expect(Object.keys(read)).toEqual(["issues"]);
    const hostile = Object.assign(new Error("x"), { message: Object.create(null) });
    expect(back(hostile)).toMatchObject({ message: "" });
  });

  it("of an error keeps what retries read, also where its class says it", () => {
    class QuotaError extends RangeError {
      get code(): string {
        return "QUOTA";
      }
      get retryable(): boolean {
        return false;
      }
      get retryAfter(): unknown {
        throw new Error("do not look");
      }
    }
    const read = back(new QuotaError("no more")) as QuotaError;
    expect(read).toMatchObject({ name: "RangeError", code: "QUOTA", retryable: false });
    expect(read).not.toHaveProperty("retryAfter");
    expect(encodeValue(read)).toEqual(encodeValue(back(read)));
  });

  it("of an error that was written before its class was keeps the built-in class", () => {
    const value = { $: ["Error", "TypeError", "HttpError", "busy", null, ["status", 503]] };
    const read = decodeValue({ encoding: "tagged", version: 1, value });
    expect(read?.value).toMatchObject({ name: "HttpError", constructor: TypeError, status: 503 });
  });

  it("becomes no code by what the class of an error is called", () => {
    for (const name of ["__proto__", "constructor", "a b", "}", "x".repeat(1000)]) {
      const value = { $: ["Error", "Error", "E", "m", null, name, []] };
      const read = decodeValue({ encoding: "tagged", version: 1, value })?.value as Error;
      expect(read).toBeInstanceOf(Error);
      expect(read.constructor.name).toBe(name);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("means nothing by what was left out of an error", () => {
    const inside = { kept: true };
    const error = Object.assign(new Error("x"), { bad: { inside, run() {} } });
    const read = back([error, inside]) as [Error, unknown];
    expect(read[0]).not.toHaveProperty("bad");
    expect(read[1]).toEqual({ kept: true });
  });

  it("holds nothing of the memory beside a view", () => {
    const memory = new TextEncoder().encode("secret, public, secret");
    const view = memory.subarray(8, 14);
    expect(JSON.stringify(encodeValue(view))).not.toContain(btoa("secret"));
    expect(new TextDecoder().decode(back(view) as Uint8Array)).toBe("public");
  });

  it("does not change with the value that it was made of", () => {
    const value = { at: new Date(5), list: [new Set([1])] };
    const encoded = encodeValue(value);
    value.at.setTime(6);
    value.list[0]?.add(2);
    expect(decodeValue(encoded)).toEqual({ value: { at: new Date(5), list: [new Set([1])] } });
  });

  it("is read once: a getter is asked one time, wherever it is", () => {
    let asked = 0;
    const told = {
      get at() {
        asked++;
        return new Date(0);
      },
    };
    encodeValue([told, told, new Map([["k", told]]), Object.assign(new Error("e"), { told })]);
    expect(asked).toBe(1);
  });
});

describe("A value that has no encoding is left out, and told where", () => {
  class Point {
    x = 1;
  }
  class Days extends Date {}
  it.each([
    [{ rows: [0, 1, 2, { at: () => 1 }] }, ".rows[3].at is a function"],
    [new Point(), "it is a Point"],
    [[new Days()], "[0] is a Days"],
    [new Map([["a", new Point()]]), '.get("a") is a Point'],
    [new Set([Symbol("s")]), "[0] is Symbol(s)"],
    [{ "not a name": Promise.resolve() }, '["not a name"] is a promise'],
    [Object.assign(new Date(0), { extra: 1 }), "it is a Date"],
    [new Uint8Array(new SharedArrayBuffer(2)), "it is a Uint8Array"],
    [
      Object.assign(Array(3), { 0: 1, 2: 3 }),
      "it is an array with holes or with properties of its own",
    ],
    [{ [Symbol("hidden")]: 1 }, "it has properties that are hidden or named by symbols"],
    [new WeakMap(), "it is a WeakMap"],
    [Object.assign(/a/g, { lastIndex: Number.POSITIVE_INFINITY }), "it is a RegExp"],
  ])("%o", (value, said) => {
    expect(detail(value)).toBe(said);
  });

  it("whatever it does when it is looked at", () => {
    const refusing = () => {
      throw new Error("do not look");
    };
    const proxy = new Proxy({}, { getPrototypeOf: refusing, ownKeys: refusing, get: refusing });
    expect(detail([proxy])).toBe("[0] cannot be read: do not look");
    const { proxy: revoked, revoke } = Proxy.revocable([], {});
    revoke();
    expect(detail({ revoked })).toMatch(/^\.revoked cannot be read: /);
    const tagged = {
      get [Symbol.toStringTag]() {
        return refusing();
      },
    };
    expect(detail(Object.create(tagged))).toMatch(/^it /);
  });

  it("when it is nested too deeply, or too large", () => {
    let deep: unknown = 0;
    for (let level = 0; level < 201; level++) deep = [deep];
    expect(detail(deep)).toMatch(/ is nested deeper than 200 levels$/);
    expect(back((deep as unknown[])[0])).toEqual((deep as unknown[])[0]);
    expect(encodeValue(new Set(["four"]), { most: 6 })).toMatchObject({ encoding: "tagged" });
    expect(encodeValue(new Set(["four"]), { most: 5 })).toMatchObject({
      encoding: "omitted",
      why: "too-large",
    });
    expect(encodeValue(Buffer.alloc(50), { most: 50 })).toMatchObject({
      encoding: "omitted",
      why: "too-large",
    });
  });
});

describe("The page of the format", () => {
  const page = readFileSync(new URL("../../../../docs/encoding.md", import.meta.url), "utf8");
  const examples = [...page.matchAll(/^\| `(\w+)` \|.*\| `(\[.*\])` \|$/gm)].map(
    ([, tag, example]) => [tag as string, JSON.parse(example as string)] as const,
  );

  it("has an example of every tag that is read", () => {
    const source = readFileSync(new URL("../../src/ground/decode.ts", import.meta.url), "utf8");
    const cases = [...source.matchAll(/case "(\w+)":\n {8}return/g)].map(([, tag]) => tag);
    const tags = new Set([...cases, ...KINDS.keys()]);
    for (const encoding of ["json", "tagged"]) tags.delete(encoding);
    expect(new Set(examples.map(([tag]) => tag))).toEqual(tags);
  });

  it.each(examples)("shows what is written: %s", (tag, $) => {
    const twice = ["object", "same"].includes(tag);
    const value = twice ? [{ $: ["object", 1, { a: 1 }] }, { $: ["same", 1] }] : [{ $ }];
    const decoded = decodeValue({ encoding: "tagged", version: 1, value });
    expect(encodeValue(decoded?.value)).toEqual({ encoding: "tagged", version: 1, value });
  });
});

describe("What was written and damaged", () => {
  it("is read as JSON when it was written as JSON: old logs hold records of any name", () => {
    const value = { $: ["Date", 0] };
    expect(decodeValue({ encoding: "json", value })).toEqual({ value });
  });

  it.each([
    null,
    { encoding: "omitted", why: "too-large", type: "Map" },
    { encoding: "tagged", version: 2, value: 1 },
    { encoding: "later", value: 1 },
    { encoding: "json", value: JSON.parse('{"__proto__":{}}') },
    { encoding: "json", value: { at: new Date(0) } },
    { encoding: "json" },
    { encoding: "tagged", version: 1, value: { $: ["Date", 0], more: 1 } },
    ...[
      [],
      ["none"],
      ["constructor"],
      ["bigint", "0x10"],
      ["bigint", ""],
      ["number", "12"],
      ["Date", "today"],
      ["Date"],
      ["RegExp", "(", "", 0],
      ["RegExp", "a", "gg", 0],
      ["URL", "no address"],
      ["bytes", "Object", "AA=="],
      ["bytes", "Uint8Array", "%"],
      ["bytes", "Float64Array", "AA=="],
      ["Map", "no list"],
      ["Map"],
      ["Error", "Error", "Error", "m", null, [1, 2]],
      ["Error", "Error", "Error", "m", null, 5, []],
      ["Error"],
      ["same", 1],
      ["object", 1, 5],
      ["object", 1, [{ $: ["object", 1, []] }]],
      ["record", 1, 2],
      ["record", "a"],
      ["Map", [1]],
      ["Error", "Error", "Error", "m", null, ["odd"]],
      "Date",
    ].map(($) => ({ encoding: "tagged", version: 1, value: [{ $ }] })),
  ])("has no value: %j", (encoded) => {
    expect(decodeValue(encoded as EncodedValue)).toBeUndefined();
  });

  it("sets no prototype and calls nothing", () => {
    const value = { $: ["record", "__proto__", { polluted: true }, "toJSON", 1] };
    const read = decodeValue({ encoding: "tagged", version: 1, value }) as { value: object };
    expect(Object.getPrototypeOf(read.value)).toBe(Object.prototype);
    expect(Object.keys(read.value)).toEqual(["__proto__", "toJSON"]);
  });

  it("is no endless way down", () => {
    let deep: unknown = 0;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(decodeValue({ encoding: "json", value: deep })).toBeUndefined();
    let wrapped: unknown = [];
    for (let level = 1; level < 100_000; level++) wrapped = { $: ["object", level, wrapped] };
    expect(decodeValue({ encoding: "tagged", version: 1, value: wrapped })).toBeUndefined();
  });

  it("gives a value or none, and throws nothing, whichever byte is lost", () => {
    const value = { at: new Date(1), by: new Map([["k", [1n, /x/g]]]), e: new TypeError("m") };
    const text = JSON.stringify(encodeValue(value));
    for (let at = 0; at < text.length; at++) {
      let damaged: unknown;
      try {
        damaged = JSON.parse(text.slice(0, at) + text.slice(at + 1));
      } catch {
        continue;
      }
      expect(() => decodeValue(damaged as EncodedValue)).not.toThrow();
    }
  });
});
