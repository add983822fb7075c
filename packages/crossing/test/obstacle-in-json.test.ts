import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findJsonObstacle } from "../src/index.js";
import { hostile } from "./hostile.ts";

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Without the properties that are undefined, and with a prototype: what JSON does not tell apart. */
function asJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) =>
      part === undefined ? [] : [[key, asJson(part)]],
    ),
  );
}

describe("the obstacle in JSON", () => {
  test("is found in everything that does not come back as it was", () => {
    const things = fc.anything({
      maxDepth: 4,
      withMap: true,
      withSet: true,
      withBigInt: true,
      withDate: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
    });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), things), (value) => {
        if (findJsonObstacle(value, "input") === undefined)
          expect(throughJson(value)).toStrictEqual(asJson(value));
      }),
      { numRuns: 500 },
    );
  });

  test("is found in nothing that JSON has", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        fc.pre(!/"(__proto__|toJSON)":/.test(json));
        expect(findJsonObstacle(JSON.parse(json), "input")).toBeUndefined();
      }),
    );
  });

  const symbol = { [Symbol("s")]: 1 };
  const cyclic: Record<string, unknown> = {};
  cyclic.list = [cyclic];
  class Account {
    readonly id = 7;
  }
  class Names extends Array<string> {}
  const hole = [1, 2, 3];
  delete hole[1];
  test.each<[string, unknown, string, string]>([
    ["a date", { at: [new Date(0)] }, "input.at[0]", "a Date (send its ISO string)"],
    ["a bigint", { id: 1n }, "input.id", "a bigint (send it as a string)"],
    ["a map", { of: new Map() }, "input.of", "a Map (send its entries)"],
    ["a set", { of: new Set() }, "input.of", "a Set (send its values)"],
    ["bytes", [new Uint8Array(1)], "input[0]", "binary data (store it, and send where it is)"],
    ["an instance", { a: new Account() }, "input.a", "an Account (send its plain fields)"],
    ["an array of a class", { a: new Names() }, "input.a", "a Names (send its plain fields)"],
    ["undefined in a list", [1, undefined], "input[1]", "undefined"],
    ["nothing at all", undefined, "input", "undefined"],
    ["a hole", hole, "input[1]", "a hole"],
    ["NaN", { n: Number.NaN }, "input.n", "NaN"],
    ["-0", [-0], "input[0]", "-0"],
    ["a function", { "on done": () => {} }, 'input["on done"]', "a function"],
    ["a symbol as a key", { a: symbol }, "input.a", "an object with a symbol as a key"],
    [
      "a hidden property",
      { a: Object.defineProperty({}, "b", { value: 1 }) },
      "input.a.b",
      "a hidden property",
    ],
    [
      "a field of an array",
      Object.assign([1], { x: 1 }),
      "input.x",
      "a named property of an array",
    ],
    ["toJSON", { toJSON: 1 }, "input.toJSON", "a reserved name"],
    ["__proto__", JSON.parse('{"__proto__": 1}'), "input.__proto__", "a reserved name"],
    ["itself", cyclic, "input.list[0]", "a part of itself"],
    ["a proxy", { p: new Proxy({}, {}) }, "input.p", "a Proxy"],
    [
      "a getter that throws",
      {
        get trap(): never {
          throw new RangeError("sprung");
        },
      },
      "input.trap",
      "a getter that throws (RangeError: sprung)",
    ],
  ])("has the place, the kind and the way out: %s", (_, value, path, what) => {
    expect(findJsonObstacle(value, "input")).toEqual({ path, what });
  });

  test("is none in a property that is undefined, nor in a part that is there twice", () => {
    const twice = { a: 1 };
    expect(findJsonObstacle({ none: undefined, list: [twice, twice] }, "input")).toBeUndefined();
  });

  test("is the depth, beyond 200 levels", () => {
    let chain: unknown[] = [];
    for (let level = 0; level < 100_000; level++) chain = [chain];
    expect(findJsonObstacle(chain, "input")?.what).toBe("nested more than 200 levels deep");
  });

  test("is looked for once in each part, however often that is there", () => {
    let value: unknown[] = [];
    for (let level = 0; level < 150; level++) value = [value, value];
    expect(findJsonObstacle(value, "input")).toBeUndefined();
  });

  test.each(Object.keys(hostile))("is told without a throw: %s", (name) => {
    const obstacle = findJsonObstacle([hostile[name]], "input");
    if (obstacle === undefined) expect(throughJson([hostile[name]])).toEqual([hostile[name]]);
    else expect(obstacle.path).toMatch(/^input\[0\]/);
  });
});
