import { describe, expect, test } from "vitest";
import { workerModule } from "../src/index.ts";
import type { listed } from "./modules/errors.js";
import { openPool, rejection } from "./rig.ts";

const errors = workerModule<typeof import("./modules/errors.js")>(
  new URL("./modules/errors.js", import.meta.url),
);

async function thrownBy(name: Exclude<keyof typeof errors, "throwValue">): Promise<Error> {
  return (await rejection(openPool().task(errors[name])())) as Error;
}

describe("an error from a thread", () => {
  test("keeps class name, built-in base, message, own fields and what retries read", async () => {
    const error = await thrownBy("throwCustom");
    expect(error).toBeInstanceOf(RangeError);
    expect(error.constructor.name).toBe("QuotaError");
    expect(error).toMatchObject({
      name: "QuotaError",
      message: "over the quota of 7",
      code: "E_QUOTA",
      quota: 7,
      since: new Date(0),
      retryable: false,
    });
  });

  test("keeps the stack of the thread, with the place that threw", async () => {
    const { stack } = await thrownBy("throwCustom");
    expect(stack).toMatch(/^QuotaError: over the quota of 7\n\s+at throwCustom .*errors\.js:\d+/);
  });

  test("keeps its name even when that differs from its class", async () => {
    const error = await thrownBy("throwUnnamedClass");
    expect(error.name).toBe("Error");
    expect(error.constructor.name).toBe("Plain");
    expect(error).toBeInstanceOf(Error);
  });

  test("keeps its causes", async () => {
    const error = await thrownBy("throwChain");
    const middle = error.cause as Error;
    expect(error).toBeInstanceOf(SyntaxError);
    expect(middle.message).toBe("middle");
    expect(middle.cause).toBeInstanceOf(TypeError);
    expect(Object.keys(error)).not.toContain("cause");
  });

  test("may contain itself", async () => {
    const error = await thrownBy("throwCycle");
    expect((error.cause as { outer?: unknown }).outer).toBe(error);
  });

  test("keeps the errors of an AggregateError", async () => {
    const error = (await thrownBy("throwMany")) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors[0]).toBeInstanceOf(RangeError);
    expect(error.errors[1]).toBe("two");
  });

  test("may be a DOMException or an error of the system", async () => {
    const dom = await thrownBy("throwDom");
    expect(dom).toBeInstanceOf(DOMException);
    expect(dom).toMatchObject({ name: "QuotaExceededError", message: "too big", code: 22 });
    expect(await thrownBy("throwSystem")).toMatchObject({
      code: "ENOENT",
      syscall: "open",
      path: "/no/such/file",
    });
  });

  test("survives getters that throw, stacks that are none and fields with an evil name", async () => {
    expect(await thrownBy("throwHostile")).toMatchObject({ message: "kept" });
    const error = await thrownBy("throwProtoField");
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toHaveProperty("polluted");
  });
});

test("a thrown value that is no error arrives as it is", async () => {
  const run = openPool().task(errors.throwValue);
  for (const value of ["text", 0, undefined, null, { code: 5 }, [1]])
    expect(await rejection(run(value))).toEqual(value);
});

test("errors in a list arrive as errors in a field do, each once, and as clones where no error holds them", async () => {
  const failed = (await thrownBy("throwList")) as ReturnType<typeof listed>;
  expect(failed.list).toEqual([failed.one, 2, failed.list]);
  expect(failed.list[0]).toBe(failed.one);
  expect(failed.list[2]).toBe(failed.list);
  expect(failed.one).toMatchObject({ code: "E_ONE" });
  expect(failed.record.one).toEqual(new RangeError("one"));
  expect(failed.record.one).not.toHaveProperty("code");
});
