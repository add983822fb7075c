import { expect, test } from "vitest";
import { smoke } from "./smoke.ts";

test.each(Object.entries(smoke))("%s, in Node", async (_, run) => {
  await expect(run()).resolves.toBeUndefined();
});
