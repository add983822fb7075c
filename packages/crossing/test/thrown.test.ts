import { describe, expect, test } from "vitest";
import { isError, joined, messageOf, putTogether, takeApart, text } from "../src/index.js";
import { hostile } from "./hostile.ts";

/** There and back, with the values as they are. */
function crossed(error: Error): Error {
  return putTogether(
    takeApart(error, (value) => value),
    (value) => value,
  );
}

class QuotaError extends RangeError {
  override readonly name = "QuotaError";
  readonly quota = 7;
  get retryable(): boolean {
    return false;
  }
  get retryAfter(): object {
    return { resource: "llm", ms: 5 };
  }
}

describe("an error in parts", () => {
  test("has its class, its base, its fields and what retries read", () => {
    const error = new QuotaError("over", { cause: "greed" });
    const back = crossed(error);
    expect(back).toBeInstanceOf(RangeError);
    expect(back.constructor.name).toBe("QuotaError");
    expect(back).toMatchObject({ name: "QuotaError", message: "over", quota: 7, retryable: false });
    expect(back).toMatchObject({ retryAfter: { resource: "llm", ms: 5 } });
    expect(back.stack).toBe(error.stack);
    expect(back.cause).toBe("greed");
    expect(Object.keys(back)).not.toContain("cause");
  });

  test("tells the place of each value that is carried, those of the error itself first", () => {
    const error = Object.assign(new AggregateError([1, 2], "many", { cause: 3 }), {
      "a b": 4,
      c: 5,
    });
    const places = new Map<unknown, string>();
    takeApart(error, (value, path) => places.set(value, path), { path: "reason" });
    expect([...places]).toEqual([
      [4, 'reason["a b"]'],
      [5, "reason.c"],
      [3, "reason.cause"],
      [1, "reason.errors[0]"],
      [2, "reason.errors[1]"],
    ]);
  });

  test("has what it calls `errors`, be it a list or not, and every field of its own", () => {
    const errors = { name: "too short" };
    const back = crossed(Object.assign(new TypeError("invalid"), { errors, detail: undefined }));
    expect(back).toHaveProperty("errors", errors);
    expect(Object.keys(back)).toEqual(["detail"]);
    expect(crossed(Object.assign(new Error("many"), { errors: [1] }))).toMatchObject({
      errors: [1],
    });
    expect(Object.hasOwn(crossed(new Error("no", { cause: undefined })), "cause")).toBe(true);
    expect(Object.hasOwn(crossed(new Error("no")), "cause")).toBe(false);
  });

  test("says nothing where its name or its message is nothing, and else what is printed", () => {
    const nothing = crossed(Object.assign(new Error("x"), { name: undefined, message: undefined }));
    expect(nothing).toMatchObject({ name: "", message: "" });
    const list = crossed(Object.assign(new Error("x"), { message: ["a", 5] }));
    expect(list.message).toBe("a,5");
  });

  test("has no stack where it had none: that of this side would say something else", () => {
    const error = new Error("kept");
    delete error.stack;
    expect(crossed(error).stack).toBeUndefined();
  });

  test("may contain itself: the whole is known before its parts are", () => {
    const error: Error = new Error("round");
    error.cause = error;
    type Carried = { readonly parts: unknown };
    const seen: Carried[] = [];
    const parts = takeApart<Carried>(error, () => seen[0] as Carried, {
      begun: (begun) => seen.push({ parts: begun }),
    });
    expect(parts.cause?.parts).toBe(parts);
    let whole: Error | undefined;
    const back = putTogether(
      parts,
      () => whole,
      (begun) => {
        whole = begun;
      },
    );
    expect(back.cause).toBe(back);
  });

  test("stays an error that can be printed, whatever it called its fields", () => {
    const error = Object.assign(new Error("kept"), {
      toString: () => "mine",
      valueOf: () => 5,
      toJSON: () => ({}),
    });
    const back = putTogether(
      takeApart(error, () => "a function"),
      (value) => value,
    );
    expect(String(back)).toBe("Error: kept");
    expect(Object.keys(back)).toEqual([]);
  });

  test.each(Object.keys(hostile))("is had of an error that is hostile all over: %s", (name) => {
    const value = hostile[name];
    const error = new Error("kept");
    // The stack first: its first line is written when it is looked at.
    for (const key of ["stack", "name", "message", "cause", "errors", "code", "constructor"])
      Object.defineProperty(error, key, { value });
    const parts = takeApart(error, () => "carried");
    expect(Object.values(parts).every((part) => part !== undefined)).toBe(true);
    expect(putTogether(parts, (part) => part)).toBeInstanceOf(Error);
  });

  test("is had of a proxy of an error that refuses everything", () => {
    const refuse = (): never => {
      throw new Error("not to be looked at");
    };
    const handler = Object.fromEntries(
      ["get", "has", "ownKeys", "getOwnPropertyDescriptor"].map((trap) => [trap, refuse]),
    );
    const parts = takeApart(new Proxy(new Error("hidden"), handler), (value) => value);
    expect(putTogether(parts, (part) => part)).toBeInstanceOf(Error);
  });
});

test.each(Object.keys(hostile))("what is no error is told apart and told: %s", (name) => {
  const value = hostile[name];
  expect(isError(value)).toBe(name === "an error");
  expect(typeof messageOf(value)).toBe("string");
  expect(typeof text(value)).toBe("string");
});

describe("what a function and its clean-ups threw", () => {
  test("is that error itself where there is one, whatever it is", () => {
    for (const one of [new QuotaError("over"), undefined, null, "text"])
      expect(joined([one])).toBe(one);
  });

  test("is one error with all of them, which says of another attempt what the first says", () => {
    const errors = [new QuotaError("over"), Object.assign(new Error("late"), { retryAfterMs: 9 })];
    const all = joined(errors);
    expect(all).toBeInstanceOf(AggregateError);
    expect(all).toMatchObject({
      message: "over",
      errors,
      retryable: false,
      retryAfter: { resource: "llm", ms: 5 },
    });
    expect(all).not.toHaveProperty("retryAfterMs");
  });

  test.each(Object.keys(hostile))("is had of what is hostile: %s", (name) => {
    expect(joined([hostile[name], null])).toBeInstanceOf(AggregateError);
  });
});
