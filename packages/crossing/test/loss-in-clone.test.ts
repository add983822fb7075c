import { flow, task } from "@astrum/core";
import { describe, expect, test } from "vitest";
import { findCloneObstacle, losesInClone } from "../src/index.js";
import { hostile } from "./hostile.ts";

class Money {
  readonly #cents = 5;
  get cents(): number {
    return this.#cents;
  }
}
class Account {
  readonly id = 7;
}
/** All that it holds arrives: nothing. */
class Unset {
  declare readonly id?: number;
}

const lost: Readonly<Record<string, object>> = {
  "a URL": new URL("https://a.example/"),
  "an AbortSignal": new AbortController().signal,
  "a Headers": new Headers(),
  "a Money": new Money(),
  "an object of a class without a name": new (class {
    get cents() {
      return 5;
    }
  })(),
};

/** Newer versions of Node refuse some of what older ones leave nothing of. */
function refusesToClone(value: unknown): boolean {
  try {
    structuredClone(value);
    return false;
  } catch {
    return true;
  }
}

describe("what a clone would keep nothing of", () => {
  test.each(Object.keys(lost))("is told with its place: %s", (name) => {
    const it = lost[name];
    const isRefused = refusesToClone(it);
    const what = isRefused ? name : `${name} (of which nothing would arrive)`;
    for (const [value, path] of [
      [it, "input"],
      [{ list: [1, { it }] }, "input.list[1].it"],
      [new Map([["k", it]]), 'input.get("k")'],
      [new Map([[it, 1]]), "input.keys()[0]"],
      [new Set([1, it]), "input.values()[1]"],
      [Object.assign(new Account(), { it }), "input.it"],
    ] as const) {
      expect(losesInClone(value)).toBe(!isRefused);
      expect(findCloneObstacle(value, "input")).toEqual({ path, what });
    }
  });

  test("is a flow too, also where all of its fields could cross", () => {
    expect(losesInClone({ next: [flow("none", {})] })).toBe(true);
    expect(losesInClone(flow("inner", { one: task("one", () => 1) }))).toBe(true);
  });

  test("is nothing that comes to the other side, be it without its class", () => {
    const round: unknown[] = [new Account()];
    round.push({ round });
    for (const value of [
      ...[undefined, null, 0, "text", 1n, [], {}, Object.create(null), new Map(), new Set()],
      ...[new Date(0), /x/, new Error("no"), Object(1), Buffer.from("b"), new ArrayBuffer(1)],
      ...[new SharedArrayBuffer(1), new Blob(["b"]), new (class extends Map {})(), round],
      ...[
        new Unset(),
        new (class extends Unset {})(),
        new Array(4e9),
        Object.assign(new Error("no"), { url: lost["a URL"] }),
      ],
    ]) {
      expect(losesInClone({ value })).toBe(false);
      expect(findCloneObstacle(value, "input")).toBeUndefined();
    }
  });

  test("is not what is transferred, nor what the clone itself refuses", () => {
    const { port1, port2 } = new MessageChannel();
    for (const transferred of [[port1], []]) {
      expect(losesInClone({ port1 }, transferred)).toBe(false);
    }
    port1.close();
    port2.close();
    for (const value of [() => 1, Symbol("s"), Promise.resolve(), new WeakMap()]) {
      expect(losesInClone({ value })).toBe(false);
    }
  });

  test("is found among the first 5,000 values, the outer ones before those within", () => {
    const rows = Array.from({ length: 4_900 }, (_, id) => ({ id, tags: ["a", "b"] }));
    const it = lost["a Money"];
    expect(losesInClone({ rows, it })).toBe(true);
    expect(losesInClone([...rows, it])).toBe(true);
    expect(losesInClone([...rows, ...rows, it])).toBe(false);
  });

  test("is looked for in bounds, where getters and iterators have no end", () => {
    const endless = (): object => ({
      get left() {
        return endless();
      },
      get right() {
        return endless();
      },
    });
    expect(losesInClone(endless())).toBe(false);
    class Endless extends Array<number> {
      override *[Symbol.iterator](): ArrayIterator<number> {
        for (;;) yield 1;
      }
    }
    expect(losesInClone(new Endless())).toBe(false);
  });

  test.each(Object.keys(hostile))("is told without a throw: %s", (name) => {
    expect(losesInClone({ value: hostile[name] })).toBe(false);
  });
});
