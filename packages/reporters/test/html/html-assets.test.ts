import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { assetSources } from "../../page/build.js";

it("the scripts and the style in the sources are those that page/ and the core give: run `pnpm page` after a change", async () => {
  for (const [name, source] of Object.entries(await assetSources())) {
    const file = new URL(`../../src/html/${name}`, import.meta.url);
    expect(readFileSync(file, "utf8") === source, name).toBe(true);
  }
});
