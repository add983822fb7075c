import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { flow, task } from "@astrum/core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { reporters } from "../src/index.ts";
import { compiledText } from "./compiled.ts";
import { fixture } from "./fixtures.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code ?? "");

describe("the examples of the README", () => {
  const folder = mkdtempSync(join(tmpdir(), "astrum-readme-"));
  const home = process.cwd();

  beforeAll(() => {
    process.chdir(folder);
    const rows = task("rows", async () => [1, 2, 3]);
    vi.stubGlobal("report", fixture("one"));
    vi.stubGlobal("again", fixture("one"));
    vi.stubGlobal("nightly", flow("nightly", { rows }));
  });

  afterAll(() => {
    process.chdir(home);
    vi.unstubAllGlobals();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(examples.map((code, index) => [index + 1, code] as const))(
    "number %i runs",
    async (number, code) => {
      const outfile = join(folder, `example-${number}.mjs`);
      await compiledText(code, outfile);
      await expect(import(/* @vite-ignore */ pathToFileURL(outfile).href)).resolves.toBeDefined();
    },
  );

  it("wrote a file for every format in the table", () => {
    const files = readdirSync(folder);
    for (const { extension } of Object.values(reporters))
      expect(files).toContain(`run.${extension}`);
  });
});

it("the README names every format there is", () => {
  const index = readFileSync(new URL("../src/index.ts", import.meta.url), "utf8");
  const renderers = Array.from(index.matchAll(/\b(?:render|to)[A-Z]\w+/g), ([name]) => name);
  expect(renderers.length).toBeGreaterThan(14);
  expect(renderers.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
