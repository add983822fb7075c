import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findCloneObstacle, isDetached } from "../src/index.js";
import { hostile } from "./hostile.ts";

function clones(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

describe("the obstacle in a clone", () => {
  test("is found exactly where there is one", () => {
    const names = Object.keys(hostile).filter((name) => !name.startsWith("a proxy"));
    const things = fc.anything({
      maxDepth: 4,
      withMap: true,
      withSet: true,
      withBigInt: true,
      withDate: true,
      withTypedArray: true,
      withNullPrototype: true,
    });
    const some = fc.oneof(
      things,
      things,
      fc.constantFrom(...names).map((name) => hostile[name]),
    );
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), some)), (value) => {
        expect(findCloneObstacle(value, "input") === undefined).toBe(clones(value));
      }),
      { numRuns: 500, seed: 20_260_101 },
    );
  });

  const inside = { list: [0, { "on done": () => {} }] };
  class Account {
    readonly owner = { notify: Symbol("n") };
  }
  test.each<[string, unknown, { path: string; what: string }]>([
    ["an object", inside, { path: 'input.list[1]["on done"]', what: "a function" }],
    ["a class", new Account(), { path: "input.owner.notify", what: "a symbol" }],
    ["a map", new Map([["k", () => {}]]), { path: 'input.get("k")', what: "a function" }],
    ["a key of a map", new Map([[() => {}, 1]]), { path: "input.keys()[0]", what: "a function" }],
    ["a set", new Set([1, new WeakMap()]), { path: "input.values()[1]", what: "a WeakMap" }],
    [
      "an array that has fields",
      Object.assign([1], { done: () => {} }),
      { path: "input.done", what: "a function" },
    ],
    [
      "a hole",
      Object.assign(new Array(3), { 2: () => {} }),
      { path: "input[2]", what: "a function" },
    ],
    [
      "a getter that throws",
      {
        deep: {
          get trap(): never {
            throw new RangeError("sprung");
          },
        },
      },
      { path: "input.deep.trap", what: "a getter that throws (RangeError: sprung)" },
    ],
    ["a proxy", { deep: new Proxy({}, {}) }, { path: "input.deep", what: "a Proxy" }],
    ["a promise", { soon: Promise.resolve() }, { path: "input.soon", what: "a Promise" }],
  ])("has the place and the kind, in %s", (_, value, obstacle) => {
    expect(findCloneObstacle(value, "input")).toMatchObject(obstacle);
  });

  test("is not what the clone leaves out", () => {
    const error = Object.assign(new Error("with a function"), { retry: () => {} });
    const value = [error, Object.assign(new Date(0), { f: () => {} }), () => {}];
    expect(findCloneObstacle(value, "input")).toEqual({ path: "input[2]", what: "a function" });
  });

  test("is a buffer that has been transferred, unless it is to be transferred now", () => {
    const buffer = new ArrayBuffer(4);
    structuredClone(buffer, { transfer: [buffer] });
    expect(isDetached(buffer)).toBe(true);
    expect(isDetached(new ArrayBuffer(0))).toBe(false);
    const what = "a buffer that has been transferred away already";
    expect(findCloneObstacle({ buffer }, "input")).toEqual({ path: "input.buffer", what });
    const { port1, port2 } = new MessageChannel();
    expect(findCloneObstacle({ port1 }, "input")).toEqual({
      path: "input.port1",
      what: "a MessagePort",
    });
    expect(findCloneObstacle({ port1 }, "input", [port1])).toBeUndefined();
    port1.close();
    port2.close();
  });

  test("is the depth, where a clone runs out of stack", () => {
    const chain = (levels: number): object => {
      let value: object = {};
      for (let level = 0; level < levels; level++) value = { value };
      return value;
    };
    for (const [levels, told] of [
      [8_000, "1,000"],
      [100_000, "10,000"],
    ] as const)
      expect(findCloneObstacle(chain(levels), "input")).toEqual({
        path: "input",
        what: `nested more than ${told} levels deep`,
      });
  });

  test("is looked for in bounds, where getters have no end", () => {
    const endless = (): object => ({
      get left() {
        return endless();
      },
      get right() {
        return endless();
      },
    });
    expect(findCloneObstacle(endless(), "input")?.what).toMatch("levels deep");
  });

  test.each(Object.keys(hostile))("is told without a throw: %s", (name) => {
    const obstacle = findCloneObstacle({ value: hostile[name] }, "input");
    expect(obstacle === undefined).toBe(clones({ value: hostile[name] }));
    if (obstacle !== undefined) expect(obstacle.path).toMatch(/^input\.value/);
  });
});
