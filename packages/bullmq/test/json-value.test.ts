import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findObstacle } from "../src/wire/json-value.ts";

class Point {
  x = 1;
}
const circle: Record<string, unknown> = {};
circle.self = { again: circle };

describe("What JSON would lose or change is found, with its path:", () => {
  it.each([
    ["a function", { list: [{ onDone: () => {} }] }, "input.list[0].onDone", "a function"],
    ["a Date", { at: new Date(0) }, "input.at", "a Date (send its ISO string)"],
    ["a Map", [new Map()], "input[0]", "a Map (send its entries)"],
    ["a bigint", 1n, "input", "a bigint (send it as a string)"],
    ["a symbol", { s: Symbol() }, "input.s", "a symbol"],
    ["not a number", { n: Number.NaN }, "input.n", "NaN"],
    ["minus zero", [-0], "input[0]", "-0"],
    ["undefined in a list", [1, undefined], "input[1]", "undefined"],
    ["an instance", { p: new Point() }, "input.p", "a Point (send its plain fields)"],
    ["an error", new TypeError("x"), "input", "a TypeError (send its plain fields)"],
    ["binary data", new Uint8Array(2), "input", "binary data (store it, and send where it is)"],
    ["a circle", circle, "input.self.again", "a part of itself"],
    ["toJSON", { a: { toJSON: 1 } }, "input.a.toJSON", "a reserved name"],
    ["a strange key", { "a b": () => {} }, 'input["a b"]', "a function"],
    ["a key that is a symbol", { [Symbol()]: 1 }, "input", "an object with a symbol as a key"],
  ])("%s", (_, value, path, what) => {
    expect(findObstacle(value, "input")).toEqual({ path, what });
  });

  it("a getter that throws", () => {
    const hostile = {
      get a(): never {
        throw new Error("no");
      },
    };
    expect(findObstacle(hostile, "input")?.what).toContain("cannot be read");
  });
});

it("What is left over comes back from JSON as it was", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (value) => {
      if (findObstacle(value, "v") !== undefined) return;
      expect(JSON.parse(JSON.stringify([value]))).toEqual([value]);
    }),
  );
});

it("A property that is undefined is left out, which reads the same", () => {
  expect(findObstacle({ a: undefined, b: 1 }, "v")).toBeUndefined();
});
