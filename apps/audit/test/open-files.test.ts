import { expect, test } from "vitest";
import { filesAtOnce } from "../src/open-files.ts";

test("as many files at once as asked for, but never more than a quarter of what may be open", () => {
  expect(filesAtOnce(32, 20_000)).toBe(32);
  expect(filesAtOnce(400, 128)).toBe(32);
  expect(filesAtOnce(400, 3)).toBe(1);
  expect(filesAtOnce(400, Number.POSITIVE_INFINITY)).toBe(400);
});
