import { flow, task } from "@astrum/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attributeEntries, carrierTexts } from "../src/index.js";
import { hostile } from "./hostile.ts";

/** What the core's report has for attributes that were set where it runs. */
async function reported(attributes: ReadonlyMap<unknown, unknown>): Promise<unknown> {
  const set = task("set", (_, context) => {
    for (const [name, value] of attributes) context.attributes.set(name as string, value as string);
  });
  const report = await flow("attributes", { set }).run();
  return report.taskStatistics[0]?.attributes;
}

describe("attributes on their way", () => {
  test.each(Object.keys(hostile))("have the core's words: %s", async (name) => {
    const attributes = new Map([[name, hostile[name]]]);
    expect(Object.fromEntries(attributeEntries(attributes))).toEqual(await reported(attributes));
  });

  test("have the core's words, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.anything({ withBigInt: true, withDate: true }),
        async (name, value) => {
          const attributes = new Map([[name, value]]);
          expect(Object.fromEntries(attributeEntries(attributes))).toEqual(
            await reported(attributes),
          );
        },
      ),
      { seed: 20_260_101 },
    );
  });

  test("have names that are text, whatever was the key", () => {
    const keys = new Map<unknown, unknown>([
      [Symbol("sign"), 1],
      [5, 2],
      [Object.create(null), 3],
    ]);
    expect(attributeEntries(keys)).toEqual([
      ["Symbol(sign)", 1],
      ["5", 2],
      ["an object", 3],
    ]);
  });
});

test("a carrier keeps its texts, and nothing else of what an observer put into it", () => {
  const carrier = { traceparent: "00-1", ...hostile };
  Object.defineProperty(carrier, "trap", {
    enumerable: true,
    get() {
      throw new Error("not to be looked at");
    },
  });
  expect(carrierTexts(carrier)).toEqual({
    traceparent: "00-1",
    "a text": "text",
    "a long text": "x".repeat(200),
  });
});
