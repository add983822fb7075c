import { describe, expect, test } from "vitest";
import { importCycles } from "../src/import-cycles.ts";
import { resolveImport } from "../src/resolve-import.ts";

/** Each file with what it imports, one import a line. */
function modules(imports: Readonly<Record<string, readonly string[]>>) {
  return Object.entries(imports).map(([path, specifiers]) => ({
    path,
    loads: specifiers.map((specifier, index) => ({ specifier, line: index + 1 })),
  }));
}

describe("an import means", () => {
  const files = new Set([
    "src/a.ts",
    "src/a.js",
    "src/b.tsx",
    "src/c.mts",
    "src/d.cts",
    "src/e/index.ts",
    "src/e.ts",
    "src/f/index.jsx",
    "src/g.test.ts",
    "src/#/a.js",
    "index.js",
  ]);
  test.each([
    ["./a.ts", "src/a.ts"],
    ["./a.js", "src/a.js"],
    ["./a", "src/a.ts"],
    ["./b.js", "src/b.tsx"],
    ["./b.jsx", "src/b.tsx"],
    ["./c.mjs", "src/c.mts"],
    ["./d.cjs", "src/d.cts"],
    ["./e", "src/e.ts"],
    ["./e/", "src/e/index.ts"],
    ["./f", "src/f/index.jsx"],
    ["./g.test", "src/g.test.ts"],
    ["./a.ts?v=1", "src/a.ts"],
    ["./a.ts#part", "src/a.ts"],
    ["./#/a.js", "src/#/a.js"],
    ["./a.ts?raw", undefined],
    ["./a.ts?url&v=1", undefined],
    ["./a.ts?worker", undefined],
    ["..", "index.js"],
    ["../", "index.js"],
    [".", undefined],
    ["./A", undefined],
    ["a", undefined],
    ["/src/a.ts", undefined],
    ["../../outside", undefined],
    ["#alias", undefined],
  ])("%s from src/x.ts: %s", (specifier, expected) => {
    expect(resolveImport("src/x.ts", specifier, files)).toBe(expected);
  });
});

test("imports without a circle give no finding", () => {
  expect(
    importCycles(modules({ a: ["./b", "./c"], b: ["./d"], c: ["./d"], d: ["x", "./none"] })),
  ).toEqual([]);
});

test("each component gives one finding, with a shortest cycle, at the import that begins it", () => {
  const found = importCycles(
    modules({
      "a.ts": ["./b", "./c"],
      "b.ts": ["./a0", "./c"],
      "c.ts": ["react", "./d", "./a"],
      "d.ts": ["./a"],
      "x.ts": ["./y", "./a"],
      "y.ts": ["./x"],
      "z.ts": ["./z"],
    }),
  );
  expect(
    found.map(({ path, line, files, members }) => [path, line, files, members.length]),
  ).toEqual([
    ["a.ts", 2, ["a.ts", "c.ts"], 4],
    ["x.ts", 1, ["x.ts", "y.ts"], 2],
    ["z.ts", 1, ["z.ts"], 1],
  ]);
  expect(found.map(({ message }) => message)).toEqual([
    "import cycle: a.ts → c.ts → a.ts (4 files reach each other)",
    "import cycle: x.ts → y.ts → x.ts",
    "the file imports itself",
  ]);
});

test("every file that reaches the others is named, also beside the shortest cycle", () => {
  const [finding] = importCycles(
    modules({ a: ["./b"], b: ["./a", "./c"], c: ["./d"], d: ["./b"] }),
  );
  expect(finding).toMatchObject({ files: ["a", "b"], members: ["a", "b", "c", "d"] });
});

test("a cycle is apart when none of its files counts, and counts when one does", () => {
  const apart = (first: string, second: string) =>
    importCycles(
      modules({ [`${first}/x.js`]: [`../${second}/y`], [`${second}/y.js`]: [`../${first}/x`] }),
    )[0]?.apart;
  expect(apart("test", "fixtures")).toBe("test");
  expect(apart("test", "src")).toBeUndefined();
  const written = ["a.js", "b.js"].map((path, n) => ({
    path,
    loads: [{ specifier: n === 0 ? "./b" : "./a", line: 1 }],
    generated: true as const,
  }));
  expect(importCycles(written)[0]?.apart).toBe("generated");
});

test("a circle of a hundred thousand files is found", () => {
  const count = 100_000;
  const name = (n: number): string => `f${String(n % count).padStart(6, "0")}.ts`;
  const circle = modules(
    Object.fromEntries(Array.from({ length: count }, (_, n) => [name(n), [`./${name(n + 1)}`]])),
  );
  const [finding, ...others] = importCycles(circle);
  expect(others).toEqual([]);
  expect(finding?.files).toHaveLength(count);
  expect(finding?.path).toBe(name(0));
});
