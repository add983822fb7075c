import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { coreFiles, cutTree, plantTree, root } from "./planted-tree.ts";

/** Each fault is a file of its own in the planted tree, so that what is reported has one cause. They have one run. */
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

const machineFiles = coreFiles
  .filter((file) => file.startsWith("machine/"))
  .map((file) => `packages/core/src/${file}.ts`);

const forbiddenGlobals = [
  ...["AbortController", "AbortSignal", "Date", "Promise", "performance", "process", "globalThis"],
  ...["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "clearTimeout"],
  ...["clearInterval", "console", "crypto", "fetch"],
];

const everyGlobal = forbiddenGlobals.map((name) => `export const of${name} = ${name};\n`).join("");

const forbiddenSyntax: Readonly<Record<string, string>> = {
  "an async function": "export async function later() {}\n",
  "an async arrow": "export const later = async () => {};\n",
  "an async method": "export class Machine {\n  async later() {}\n}\n",
  "an async method of an object": "export const machine = { async later() {} };\n",
  "an await": "await 0;\nexport {};\n",
  "a for await": "for await (const item of []) throw item;\nexport {};\n",
  chance: "export const chance = Math.random();\n",
};

const tree = plantTree({});
afterAll(() => cutTree(tree));

describe("The linter", () => {
  it("finds nothing in a tree without a fault", () => {
    expect(found({})).toEqual([]);
  });

  it("lets the driver own the clock, the timers and the promises", () => {
    const text = `${everyGlobal}${forbiddenSyntax["an async function"]}`;
    expect(found({ "packages/core/src/drive/execute.ts": text })).toEqual([]);
  });

  describe("in a tree with a fault of each kind", () => {
    const diagnostics = found({
      ...Object.fromEntries(Object.values(anywhere)),
      ...otherEndOfTheCycle,
    });

    it.each(Object.entries(anywhere))("reports %s, and nothing else", (rule, [file]) => {
      const faulty = file.includes("cycle") ? [file, ...Object.keys(otherEndOfTheCycle)] : [file];
      const there = diagnostics.filter(({ path }) => faulty.includes(path));
      expect(new Set(there.map(({ category }) => category))).toEqual(new Set([rule]));
    });

    it("reports nothing elsewhere", () => {
      const files = Object.values(anywhere).map(([file]) => file);
      const faulty = new Set([...files, ...Object.keys(otherEndOfTheCycle)]);
      expect(diagnostics.filter(({ path }) => !faulty.has(path))).toEqual([]);
    });
  });

  describe("in the run machine", () => {
    const inEach = (text: string) =>
      found(Object.fromEntries(machineFiles.map((path) => [path, text])));
    const ofGlobals = inEach(everyGlobal);
    const ofTypes = inEach("export declare const later: Promise<void>;\n");

    it.each(machineFiles)(
      "reports every global that waits, measures time, or reaches outside: %s",
      (file) => {
        const there = ofGlobals.filter(({ path }) => path === file);
        expect(there.map(({ category, line }) => `${line} ${category}`)).toEqual(
          forbiddenGlobals.map((_, index) => `${index + 1} lint/style/noRestrictedGlobals`),
        );
      },
    );

    it.each(machineFiles)("reports a promise that is only a type: %s", (file) => {
      expect(ofTypes.filter(({ path }) => path === file)).toMatchObject([
        { category: "lint/style/noRestrictedGlobals" },
      ]);
    });

    it("reports nothing elsewhere", () => {
      const elsewhere = [...ofGlobals, ...ofTypes].filter(
        ({ path }) => !machineFiles.includes(path),
      );
      expect(elsewhere).toEqual([]);
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
    readonly location: { readonly path: string; readonly start: { readonly line: number } };
  }[];
}

interface Diagnostic {
  readonly path: string;
  readonly category: string;
  readonly line: number;
}

/** What `biome lint` says of the tree with these files planted, in the order of their lines. */
function found(planted: Readonly<Record<string, string>>): Diagnostic[] {
  const before = new Map<string, string | undefined>();
  for (const [file, text] of Object.entries(planted)) {
    const path = join(tree, file);
    before.set(path, existsSync(path) ? readFileSync(path, "utf8") : undefined);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
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
      .map(({ category, location: { path, start } }) => ({ path, category, line: start.line }))
      .sort((a, b) => a.line - b.line);
  } finally {
    for (const [path, text] of before) {
      if (text === undefined) rmSync(path);
      else writeFileSync(path, text);
    }
  }
}
