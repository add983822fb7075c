import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digest } from "../../src/ground/digest.ts";

/** What Node says. */
function expected(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

describe("A digest", () => {
  it("is the first half of SHA-256, whatever the length of the text", () => {
    for (let length = 0; length <= 260; length++) {
      const text = JSON.stringify("aé€😀".repeat(length).slice(0, length));
      expect(digest(text)).toBe(expected(text));
    }
  });

  it("is so for any text", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(digest(text)).toBe(expected(text));
      }),
      { seed: 20_260_101 },
    );
  });

  it("is so for a text of a million characters", () => {
    const text = "0123456789".repeat(100_000);
    expect(digest(text)).toBe(expected(text));
  });
});
