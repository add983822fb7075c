import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { cutTree, plantTree } from "./planted-tree.ts";
import { importType, importValue, reported } from "./reported-arrows.ts";

describe("A circle", () => {
  const circles: readonly (readonly [one: string, other: string])[] = [
    ["packages/reporters/src/html/head.ts", "packages/reporters/src/html/foot.ts"],
    ["packages/reporters/page/rows.ts", "packages/reporters/page/links.ts"],
    ["packages/core/src/machine/ledger.ts", "packages/core/src/machine/attempts.ts"],
    ["apps/audit/src/one.ts", "apps/audit/src/other.ts"],
    ["bench/src/one.ts", "bench/src/other.ts"],
  ];

  it.each([
    ["values", importValue, importValue],
    ["types", importType, importType],
    ["a value and a type", importValue, importType],
  ])("of %s is reported wherever it is, and as nothing else", (_, there, back) => {
    const plant = (to: string, statement: typeof importValue): string =>
      `export type Kind = never;\nexport const value = 0;\n${statement(`./${basename(to)}`, "name")}`;
    const tree = plantTree(
      Object.fromEntries(
        circles.flatMap(([one, other]) => [
          [one, plant(other, there)],
          [other, plant(one, back)],
        ]),
      ),
    );
    try {
      const found = reported(tree);
      expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(["no-circle"]));
      const inCircles = new Set(found.flatMap(({ arrow }) => arrow.split(" → ")));
      expect(inCircles).toEqual(new Set(circles.flat()));
    } finally {
      cutTree(tree);
    }
  });
});
