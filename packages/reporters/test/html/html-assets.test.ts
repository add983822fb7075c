import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { assetsSource } from "../../page/build.js";

it("the script and the style in the sources are those that page/ gives: run `pnpm page` after a change", async () => {
  const file = new URL("../../src/html/assets.generated.ts", import.meta.url);
  expect(readFileSync(file, "utf8") === (await assetsSource())).toBe(true);
});
