import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { coreFiles, cutTree, plantTree, root } from "./planted-tree.ts";

/** Each fault is a file of its own in the planted tree, so that what is reported has one cause. */
const anywhere: Readonly<Record<string, readonly [file: string, text: string]>> = {
  "lint/nursery/noFloatingPromises": [
    "packages/otel/src/floating.ts",
    "async function later(): Promise<void> {}\nexport function now(): void {\n  later();\n}\n",
  ],
  "lint/suspicious/noExplicitAny": ["packages/otel/src/any.ts", "export const value: any = 0;\n"],
  "lint/correctness/useImportExtensions": [
    "packages/otel/src/extension.ts",
    'export { value } from "./index";\n',
  ],
  "lint/suspicious/noImportCycles": [
    "packages/otel/src/cycle.ts",
    'import { value } from "./cycle-back.ts";\nexport const other: number = value;\n',
  ],
  "lint/suspicious/noSkippedTests": [
    "packages/otel/test/skipped.test.ts",
    'import { it } from "vitest";\nit.skip("works", () => {});\n',
  ],
  "lint/suspicious/noFocusedTests": [
    "packages/otel/test/focused.test.ts",
    'import { it } from "vitest";\nit.only("works", () => {});\n',
  ],
};

const otherEndOfTheCycle: Readonly<Record<string, string>> = {
  "packages/otel/src/cycle-back.ts":
    'import { other } from "./cycle.ts";\nexport const value: number = other;\n',
};

const machineFiles = coreFiles.filter((file) => file.startsWith("machine/"));

const forbiddenGlobals = [
  ...["AbortController", "AbortSignal", "Date", "Promise", "performance", "process", "globalThis"],
  ...["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "clearTimeout"],
  ...["clearInterval", "console", "crypto", "fetch"],
];

const forbiddenSyntax: Readonly<Record<string, string>> = {
  "an async function": "export async function later() {}\n",
  "an async arrow": "export const later = async () => {};\n",
  "an async method": "export class Machine {\n  async later() {}\n}\n",
  "an async method of an object": "export const machine = { async later() {} };\n",
  "an await": "await 0;\nexport {};\n",
  "a for await": "for await (const item of []) throw item;\nexport {};\n",
  chance: "export const chance = Math.random();\n",
};

describe("The linter", () => {
  it("finds nothing in a tree without a fault", () => {
    expect(found({})).toEqual([]);
  });

  it("lets the driver own the clock, the timers and the promises", () => {
    const text = `${forbiddenGlobals.map((name) => `export const of${name} = ${name};\n`).join("")}${forbiddenSyntax["an async function"]}`;
    expect(found({ "packages/core/src/drive/execute.ts": text })).toEqual([]);
  });

  it.each(Object.entries(anywhere))("reports %s, and nothing else", (rule, [file, text]) => {
    const diagnostics = found({ [file]: text, ...(file.includes("cycle") && otherEndOfTheCycle) });
    expect(new Set(diagnostics.map(({ category }) => category))).toEqual(new Set([rule]));
  });

  describe.each(machineFiles)("in the run machine (%s)", (file) => {
    const path = `packages/core/src/${file}.ts`;

    it("reports every global that waits, measures time, or reaches outside", () => {
      const text = forbiddenGlobals.map((name) => `export const of${name} = ${name};\n`).join("");
      const lines = found({ [path]: text }).map(({ category, line }) => `${line} ${category}`);
      expect(lines).toEqual(
        forbiddenGlobals.map((_, index) => `${index + 1} lint/style/noRestrictedGlobals`),
      );
    });

    it("reports a promise that is only a type", () => {
      const text = "export declare const later: Promise<void>;\n";
      expect(found({ [path]: text })).toMatchObject([
        { category: "lint/style/noRestrictedGlobals" },
      ]);
    });
  });

  it.each(Object.entries(forbiddenSyntax))("reports %s in the run machine", (_, text) => {
    expect(found({ "packages/core/src/machine/run.ts": text })).toMatchObject([
      { category: "plugin" },
    ]);
  });
});

it("The globals tried here are those in biome.json", () => {
  const { overrides } = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
  const denied = overrides.flatMap(({ linter }: Override) =>
    Object.keys(linter.rules.style?.noRestrictedGlobals?.options.deniedGlobals ?? {}),
  );
  expect(denied.sort()).toEqual([...forbiddenGlobals].sort());
});

interface Override {
  readonly linter: {
    readonly rules: {
      readonly style?: {
        readonly noRestrictedGlobals?: { readonly options: { readonly deniedGlobals: object } };
      };
    };
  };
}

interface Findings {
  readonly summary: { readonly unchanged: number; readonly errors: number };
  readonly diagnostics: readonly {
    readonly category: string;
    readonly location: { readonly start: { readonly line: number } };
  }[];
}

interface Diagnostic {
  readonly category: string;
  readonly line: number;
}

/** What `biome lint` says of a tree with these files planted, in the order of their lines. */
function found(planted: Readonly<Record<string, string>>): Diagnostic[] {
  const tree = plantTree(planted);
  try {
    const lint = spawnSync(
      join(root, "node_modules/.bin/biome"),
      ["lint", "--reporter=json", "--max-diagnostics=none"],
      { cwd: tree, encoding: "utf8" },
    );
    if (lint.error) throw lint.error;
    const { summary, diagnostics } = JSON.parse(lint.stdout) as Findings;
    expect(summary.unchanged).toBeGreaterThan(coreFiles.length);
    expect(summary.errors).toBe(diagnostics.length);
    return diagnostics
      .map(({ category, location }) => ({ category, line: location.start.line }))
      .sort((a, b) => a.line - b.line);
  } finally {
    cutTree(tree);
  }
}
