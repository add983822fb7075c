import fc from "fast-check";
import { expect, it } from "vitest";
import { packError, unpackError } from "../src/wire/packed-error.ts";

const crossed = (thrown: unknown): unknown =>
  unpackError(JSON.parse(JSON.stringify(packError(thrown))));

class QuotaError extends RangeError {
  readonly code = "QUOTA";
  get retryable(): boolean {
    return false;
  }
}

it("An error keeps class, base, message, stack, code, cause and what its class says of retries", () => {
  const error = new QuotaError("no more", { cause: new TypeError("inner") });
  const copy = crossed(error) as QuotaError;
  expect(copy).toBeInstanceOf(RangeError);
  expect(copy.constructor.name).toBe("QuotaError");
  expect(copy).toMatchObject({ message: "no more", code: "QUOTA", retryable: false });
  expect(copy.stack).toBe(error.stack);
  expect(copy.cause).toBeInstanceOf(TypeError);
});

it("What was thrown comes back as it was, also what is no error and what is in a field", () => {
  const at = new Date(5);
  const told = { at };
  const fields = { ids: new Set([1n]), told, again: told, run: () => {} };
  const copy = crossed(Object.assign(new Error("no more"), fields)) as Error & typeof fields;
  expect(copy).toMatchObject({ ids: new Set([1n]), told: { at } });
  expect(copy.told).toBe(copy.again);
  expect(copy).not.toHaveProperty("run");
  for (const thrown of [undefined, null, -0, "no", 5n, new Map([["a", at]]), [undefined]])
    expect(crossed(thrown)).toStrictEqual(thrown);
  expect(crossed({ run: () => {} })).toBe("{ run: [Function: run] }");
  expect(crossed("x".repeat(1e6))).toBe("x".repeat(16_384));
});

it("The errors of an AggregateError cross", () => {
  const copy = crossed(new AggregateError([new Error("a"), "b"], "two")) as AggregateError;
  expect(copy).toBeInstanceOf(AggregateError);
  expect(copy.errors).toMatchObject([{ message: "a" }, "b"]);
});

it("A DOMException keeps its name and legacy code", () => {
  expect(crossed(new DOMException("stop", "AbortError"))).toMatchObject({
    name: "AbortError",
    code: 20,
  });
});

it("A circle of causes comes back as one", () => {
  const error = new Error("round");
  error.cause = new TypeError("inner", { cause: error });
  const copy = crossed(error) as Error;
  expect((copy.cause as Error).cause).toBe(copy);
});

it("A circle of causes, a huge message and a hostile getter end somewhere", () => {
  const error = new QuotaError("x".repeat(1e6));
  error.cause = error;
  Object.defineProperty(error, "field", {
    enumerable: true,
    get: () => {
      throw new Error();
    },
  });
  expect(JSON.stringify(packError(error)).length).toBeLessThan(1e6);
  const copy = crossed(error) as QuotaError;
  expect(copy).toBeInstanceOf(RangeError);
  expect(copy).toMatchObject({ name: "RangeError", code: "QUOTA", retryable: false });
  expect([copy.constructor.name, copy.message.slice(0, 3)]).toEqual(["QuotaError", "xxx"]);
});

it("What many and long errors within one say is cut, and what retries read is not", () => {
  const wide = (depth: number): Error =>
    depth === 0
      ? new Error("x".repeat(1e5))
      : new AggregateError(Array.from({ length: 20 }, () => wide(depth - 1)));
  const fields = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`field${n}`, n]));
  const error = Object.assign(new QuotaError("no more", { cause: wide(3) }), fields);
  expect(JSON.stringify(packError(error)).length).toBeLessThan(2e6);
  expect(crossed(error)).toMatchObject({ code: "QUOTA", retryable: false, field40: 40 });
});

it("An error in a field of an error crosses as an error", () => {
  const error = Object.assign(new Error("outer"), { response: new TypeError("inner") });
  expect(crossed(error)).toMatchObject({ response: { name: "TypeError", message: "inner" } });
});

it("Whatever is thrown can be packed, and a name in it becomes no code", () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (value, name) => {
      const error = Object.assign(new Error(name), { name, value, __proto__: null });
      crossed(error);
      crossed(value);
    }),
    { seed: 20_260_101 },
  );
});
