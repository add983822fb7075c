import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  amount,
  callable,
  checkOptions,
  fits,
  flag,
  integer,
  oneOf,
  record,
  required,
  text,
  told,
} from "../src/index.ts";

const RULES = {
  outputs: flag,
  title: text,
  label: callable,
  width: integer(320, 4000),
  rate: amount("a share", 0, 1),
  kind: oneOf("graph", "gantt"),
  key: fits("a key of two letters", (key) => typeof key === "string" && key.length === 2),
  labels: record({ task: flag }),
};

function refusal(options: unknown): string {
  try {
    checkOptions("draw", options as Record<keyof typeof RULES, unknown>, RULES);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
  return "";
}

describe("Options that are checked", () => {
  it("pass when each of them is left out, or is what it may be", () => {
    const all = {
      outputs: false,
      title: "",
      label: () => "",
      width: 320,
      rate: 1,
      kind: "gantt",
      key: "ab",
      labels: { task: true },
    };
    for (const options of [undefined, {}, Object.create(null), { outputs: undefined }, all]) {
      expect(refusal(options)).toBe("");
    }
  });

  it("are refused with all that is wrong at once, said of the function that was called", () => {
    expect(
      refusal({
        outputs: "yes",
        title: 3,
        label: null,
        width: 1,
        rate: Number.NaN,
        kind: "grahp",
        labels: { tsak: true, task: 0 },
      }),
    ).toBe(
      [
        'draw(): Expected `outputs` to be true or false, got "yes".',
        "Expected `title` to be a text, got 3.",
        "Expected `label` to be a function, got null.",
        "Expected `width` to be an integer from 320 to 4,000, got 1.",
        "Expected `rate` to be a share from 0 to 1, got NaN.",
        'Expected `kind` to be one of "graph", "gantt", got "grahp". Did you mean "graph"?',
        'Unknown option `tsak` of `labels`. Did you mean "task"?',
        "Expected `labels.task` to be true or false, got 0.",
      ].join("\n  "),
    );
  });

  it.each([
    ["otuputs", 'Unknown option `otuputs`. Did you mean "outputs"?'],
    ["OUTPUTS", 'Unknown option `OUTPUTS`. Did you mean "outputs"?'],
    ["keys", 'Unknown option `keys`. Did you mean "key"?'],
    [
      "colour",
      "Unknown option `colour`. There are outputs, title, label, width, rate, kind, key, labels.",
    ],
    ["__proto__", "Unknown option `__proto__`. There are outputs, title,"],
    ["toString", "Unknown option `toString`. There are outputs, title,"],
  ])("name what was probably meant by %s", (name, message) => {
    expect(refusal(JSON.parse(`{${JSON.stringify(name)}: true}`))).toContain(message);
  });

  it.each([
    ["null", null],
    ["an array", []],
    ["a Map", new Map()],
    ["a RegExp", /secret/],
    ["a Date", new Date(0)],
    ["a promise", Promise.resolve({})],
    ["a function", () => ({})],
    ['"gantt"', "gantt"],
    ["true", true],
    ["an object", throwingProxy()],
  ])("are a record, and not %s", (what, options) => {
    expect(refusal(options)).toBe(`draw(): Expected its options to be an object, got ${what}.`);
  });

  it("can be required", () => {
    expect(() =>
      checkOptions("open", {} as { path: string }, { path: required("a path", text) }),
    ).toThrow("open(): Expected `path` to be a path, got undefined.");
  });

  it("are refused whatever they do, never with an error of their own", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (value) => {
        refusal({ title: value, kind: value, key: value, labels: value });
        refusal(value);
      }),
      { seed: 20_260_101 },
    );
  });
});

describe("A value is told", () => {
  it.each([
    ["x".repeat(100), `"${"x".repeat(79)}…"`],
    [12n, "12n"],
    [Symbol("s"), "Symbol(s)"],
    [Object.create(null), "an object"],
    [{ constructor: { name: 5 } }, "an object"],
    [new URL("file:///x"), "a URL"],
    [new Error("x"), "a Error"],
    [throwingProxy(), "an object"],
  ])("in a few words: %#", (value, words) => {
    expect(told(value)).toBe(words);
  });
});

function throwingProxy(): object {
  const refuse = (): never => {
    throw new Error("do not look at me");
  };
  return new Proxy({}, { get: refuse, ownKeys: refuse, getPrototypeOf: refuse });
}
