import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { VERSION } from "../src/index.ts";

it("VERSION is the version of the package", () => {
  const manifest = readFileSync(join(import.meta.dirname, "../package.json"), "utf8");
  expect(VERSION).toBe(JSON.parse(manifest).version);
});
