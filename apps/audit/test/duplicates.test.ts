import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codeLinesOf } from "../src/analyse/code-lines.ts";
import { importsOf, isModule, parsed } from "../src/analyse/imports.ts";
import { lineIndex } from "../src/analyse/lines.ts";
import { duplicateCandidates, windowLines } from "../src/duplicates/candidates.ts";
import { compareExcerpts } from "../src/duplicates/compare.ts";
import { duplicateFindings } from "../src/duplicates/findings.ts";
import { maximalRepeats } from "../src/duplicates/repeats.ts";
import type { DuplicateFinding } from "../src/finding.ts";

type Files = Readonly<Record<string, readonly string[]>>;

function duplicates(files: Files, lineEnd = "\n", linesOf = compared): DuplicateFinding[] {
  const sources = Object.entries(files).flatMap(([path, lines]) => {
    const code = linesOf(path, lines.join(lineEnd));
    return code === undefined ? [] : [{ path, code }];
  });
  return duplicateFindings(duplicateCandidates(sources).map(compareExcerpts), sources);
}

function compared(path: string, text: string) {
  if (!isModule(path)) return codeLinesOf(path, text);
  const lineAt = lineIndex(text);
  return codeLinesOf(path, text, importsOf(parsed(path, text, lineAt).source, lineAt).statements);
}

/** As when no parser reads the language, or the file. */
function unparsed(files: Files): DuplicateFinding[] {
  return duplicates(files, "\n", (path, text) => codeLinesOf(path, text));
}

/** Each finding as its places. */
function places(files: Files, lineEnd?: string): string[] {
  return duplicates(files, lineEnd).map(({ occurrences }) =>
    occurrences.map(({ path, startLine, endLine }) => `${path}:${startLine}-${endLine}`).join(" "),
  );
}

/** Lines that are like no other lines. */
function code(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `const ${name}${n} = make(${n}, ${name}, other);`);
}

describe("a block that occurs twice", () => {
  const block = code("block", 12);

  test("is found with its exact lines, in two files or in one", () => {
    expect(places({ "a.ts": [...code("a", 3), ...block], "b.ts": [...block, "end();"] })).toEqual([
      "a.ts:4-15 b.ts:1-12",
    ]);
    expect(places({ "a.ts": [...block, "middle();", ...block] })).toEqual(["a.ts:1-12 a.ts:14-25"]);
  });

  test("is one finding for all its places", () => {
    expect(places({ "a.py": block, "b.py": block, "c.py": [...block, ...block] })).toEqual([
      "a.py:1-12 b.py:1-12 c.py:1-12 c.py:13-24",
    ]);
  });

  test("is told with at most three other places", () => {
    const files = Object.fromEntries("abcdef".split("").map((name) => [`${name}.ts`, block]));
    expect(duplicates(files)[0]?.message).toBe(
      "lines 1-12 (12 compared) are also at b.ts:1-12, c.ts:1-12, d.ts:1-12 and 2 more",
    );
  });

  test("is found through other indentation, blank lines, comments and line ends", () => {
    const other = block.flatMap((line, n) => [
      `\t\t${line}  `,
      "",
      n === 4 ? "/* two" : "// one",
      n === 4 ? "lines */" : "",
    ]);
    expect(places({ "a.ts": block, "b.ts": other }, "\r\n")).toEqual(["a.ts:1-12 b.ts:1-45"]);
  });

  test("is as long as it can be, and parts of it elsewhere are told too", () => {
    const files = {
      "a.ts": block,
      "b.ts": block,
      "c.ts": [...code("c", 2), ...block.slice(1, 11)],
    };
    expect(places(files)).toEqual(["a.ts:1-12 b.ts:1-12", "a.ts:2-11 b.ts:2-11 c.ts:3-12"]);
  });

  test("is not told again by its parts", () => {
    const row = [
      "first(line, of, row);",
      "second(line);",
      "third(line, x);",
      "fourth(line, y);",
      "fifth(line, z);",
    ];
    const rows = Array.from({ length: 8 }, () => row).flat();
    expect(places({ "a.ts": rows })).toEqual(["a.ts:1-20 a.ts:21-40"]);
  });
});

describe("nothing is found", () => {
  test.each([
    ["in nine equal lines", { "a.ts": code("x", 9), "b.ts": code("x", 9) }],
    [
      "in lines that differ in one word",
      { "a.ts": code("x", 18).with(9, "y();"), "b.ts": code("x", 18) },
    ],
    [
      "in the same lines in another order",
      { "a.ts": code("x", 18), "b.ts": code("x", 18).reverse() },
    ],
    [
      "in a line repeated many times",
      { "a.ts": Array.from({ length: 99 }, () => "same(line, again, and);") },
    ],
    [
      "in lines of brackets",
      {
        "a.ts": code("{", 0).concat("{[(".split("")),
        "b.ts": Array.from({ length: 40 }, (_, n) => "}".repeat(n)),
        "c.ts": Array.from({ length: 40 }, (_, n) => "}".repeat(n)),
      },
    ],
    ["in imports", { "a.ts": imports(20), "b.ts": imports(20) }],
    [
      "in comments",
      {
        "a.ts": code("// ", 20).map((line) => `// ${line}`),
        "b.ts": code("// ", 20).map((line) => `// ${line}`),
      },
    ],
    [
      "in data, prose and declaration files",
      {
        "a.d.ts": code("x", 20),
        "b.d.mts": code("x", 20),
        "a.json": code("x", 20),
        "b.json": code("x", 20),
        "a.md": code("x", 20),
        "b.md": code("x", 20),
      },
    ],
  ])("%s", (_, files) => {
    expect(places(files)).toEqual([]);
  });

  test.each([
    ["swift", (n: number) => `import Module${n}.part.of.it`],
    ["kt", (n: number) => `import org.example.package${n}.Name as Other`],
    ["mm", (n: number) => `#import <folder/part/of/it/header${n}.h>`],
    ["hpp", (n: number) => `# include "folder/part/of/it/header${n}.hpp"`],
    ["cs", (n: number) => `using Company.Product.Part${n}.Of.It;`],
    ["rs", (n: number) => `use crate::part${n}::{\n    one,\n    other,\n    third as fourth,\n};`],
    ["go", (n: number) => `import (\n\tname${n} "example.org/part/of/it"\n\t"fmt"\n)`],
    [
      "go",
      (n: number) =>
        `import (\n\t"bytes"\n\t"context"\n\n\t"example.org/part/of/it/${n}"\n\t"example.org/other/part"\n\t"example.org/third/part"\n)`,
    ],
    ["kt", (n: number) => `import part${n}.{\n  One,\n  Other,\n  Third,\n  Fourth,\n  Fifth,\n}`],
    [
      "py",
      (n: number) =>
        `from package.part${n} import (\n    one, two, three,\n    other, second, fourth,\n    third, fifth, sixth,\n    nth, last,\n)`,
    ],
    ["py", (n: number) => `from package.part${n} import (\n    one,\n    other,\n    third,\n)`],
    ["php", (n: number) => `use Company\\Product\\Part${n}\\{\n    One,\n    Other\n};`],
    ["rb", (n: number) => `require "folder/part/of/it/${n}"`],
    ["js", (n: number) => `import type {\n  One,\n  Other,\n} from './module${n}';`],
  ])("in the imports of a .%s file that is not parsed", (extension, statement) => {
    const lines = Array.from({ length: 20 }, (_, n) => statement(n))
      .join("\n")
      .split("\n");
    expect(unparsed({ [`a.${extension}`]: lines, [`b.${extension}`]: lines })).toEqual([]);
  });

  test.each([
    ["in a comment above its code", ["/**", " * Some licence.", " * @generated by a tool", " */"]],
    ["in one word", ["// This file was autogenerated by build.js, do not edit", ""]],
    ["as Go's tools say it", ["// Code generated by some tool. DO NOT EDIT.", "", "package x"]],
    ["as C#'s tools say it", ["// <auto-generated/>"]],
    ["the other way round", ["// DO NOT EDIT: this is", "// generated from schema.json"]],
  ])("in files that say %s that a program wrote them", (_, header) => {
    const lines = [...header, ...code("x", 20)];
    expect(unparsed({ "a.go": lines, "b.go": lines })).toEqual([]);
  });

  test("in files that say by their names that a program wrote them", () => {
    const names = [
      "a.generated.ts",
      "a.generated.d.ts",
      "a_generated.h",
      "a.pb.go",
      "a.g.dart",
      "a_pb2.py",
    ];
    expect(unparsed(Object.fromEntries(names.map((name) => [name, code("x", 20)])))).toEqual([]);
  });

  function imports(count: number): string[] {
    return code("x", count).flatMap((_, n) => [
      "import {",
      `  name${n} as other${n},`,
      `} from "./module${n}.ts";`,
    ]);
  }
});

describe("code is compared", () => {
  test.each([
    ["that only speaks of what is generated", "go", ['const mark = "// @generated";']],
    ["under a comment about editing", "go", ["// Generated ids are kept. Edit them at will."]],
    ["below an import whose end is not told", "py", ["from module import (", "    one", ""]],
    ["that calls import()", "js", ["import('./module.js').then(start);"]],
  ])("%s", (_, extension, before) => {
    const lines = [...before, ...code("x", 20)];
    const found = unparsed({ [`a.${extension}`]: lines, [`b.${extension}`]: lines });
    expect(found).toHaveLength(1);
  });
});

test("candidates that only share a hash are not findings", () => {
  const [a, b] = ["x", "y"].map((name) => {
    const lines = codeLinesOf(`${name}.ts`, code(name, 10).join("\n"));
    return { path: `${name}.ts`, ...(lines ?? { numbers: [], fingerprints: [], words: [] }) };
  });
  if (a === undefined || b === undefined) throw new Error("Two excerpts were made");
  expect(a.numbers).toHaveLength(10);
  expect(compareExcerpts([a, b])).toEqual([]);
});

test("a table of a hundred thousand equal lines is no work and no finding, beside a copy that is one", () => {
  const block = code("block", 12);
  const table = Array.from({ length: 100_000 }, () => "0, 0, 0, 0,");
  const files = { "a.c": [...block, ...table], "b.c": block };
  expect(places(files)).toEqual(["a.c:1-12 b.c:1-12"]);
});

test("maximal repeats are exactly those that a search of every pair finds", () => {
  const sequences = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 });
  fc.assert(
    fc.property(sequences, fc.integer({ min: 1, max: 4 }), (sequence, shortest) => {
      const found = maximalRepeats(Int32Array.from(sequence), shortest, () => true).map(
        ({ length, starts }) => {
          return `${length}: ${[...starts].sort((a, b) => a - b).join()}`;
        },
      );
      expect(found.sort()).toEqual(repeatsByPairs(sequence, shortest).sort());
    }),
    { numRuns: 500, seed: 20_260_101 },
  );

  function repeatsByPairs(sequence: readonly number[], shortest: number): string[] {
    const repeats = new Set<string>();
    for (let i = 0; i < sequence.length; i++) {
      for (let j = i + 1; j < sequence.length; j++) {
        if (i > 0 && sequence[i - 1] === sequence[j - 1]) continue;
        let length = 0;
        while (j + length < sequence.length && sequence[i + length] === sequence[j + length])
          length++;
        if (length < shortest) continue;
        const starts = sequence
          .map((_, start) => start)
          .filter((start) => start + length <= sequence.length)
          .filter((start) =>
            sequence.slice(i, i + length).every((value, n) => value === sequence[start + n]),
          );
        const apart = Math.min(length, (starts.at(-1) as number) - (starts[0] as number));
        if (apart < shortest) continue;
        repeats.add(`${apart}: ${starts.join()}`);
        repeats.add(`${apart}: ${starts.map((start) => start + length - apart).join()}`);
      }
    }
    return [...repeats];
  }
});

test("every line of every block that occurs twice is in a finding, and every finding is true", () => {
  const line = fc.integer({ min: 0, max: 11 }).map((n) => `call${n}(${n}, with, some, words);`);
  const piece = fc.array(line, { minLength: 6, maxLength: 16 });
  const pieces = fc.array(piece, { minLength: 1, maxLength: 3 });
  const file = fc.array(fc.nat(), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(pieces, fc.array(file, { minLength: 1, maxLength: 3 }), (pieces, plans) => {
      const files: Record<string, string[]> = {};
      for (const [n, plan] of plans.entries()) {
        files[`f${n}.js`] = plan.flatMap((pick) => pieces[pick % pieces.length] as string[]);
      }
      const told = new Set<string>();
      for (const { lines, occurrences } of duplicates(files)) {
        const texts = occurrences.map(({ path, startLine, endLine }) => {
          for (let n = startLine; n <= endLine; n++) told.add(`${path}:${n}`);
          return files[path]?.slice(startLine - 1, endLine);
        });
        expect(texts[0]).toHaveLength(lines);
        for (const text of texts) expect(text).toEqual(texts[0]);
      }
      const missing = [...linesInTwoWindows(files)].filter((place) => !told.has(place));
      expect(missing).toEqual([]);
    }),
    { numRuns: 200, seed: 20_260_101 },
  );

  /** Lines of windows that occur twice without overlap and are varied enough to be told. */
  function linesInTwoWindows(files: Files): Set<string> {
    const windows = new Map<string, [path: string, start: number][]>();
    for (const [path, lines] of Object.entries(files)) {
      for (let start = 0; start + windowLines <= lines.length; start++) {
        const window = lines.slice(start, start + windowLines);
        if (new Set(window).size < 5) continue;
        const key = window.join("\n");
        windows.set(key, [...(windows.get(key) ?? []), [path, start]]);
      }
    }
    const places = new Set<string>();
    for (const found of windows.values()) {
      for (const [path, start] of found) {
        const apart = found.some(
          ([other, at]) => other !== path || Math.abs(at - start) >= windowLines,
        );
        if (!apart) continue;
        for (let n = start; n < start + windowLines; n++) places.add(`${path}:${n + 1}`);
      }
    }
    return places;
  }
});

test("what a Rust file has below #[cfg(test)] is its tests", () => {
  const block = code("block", 12);
  const apart = (...before: string[]) =>
    duplicates({ "a.rs": [...before, ...block, "}"], "b.rs": [...block, "fn b() {}"] })[0]?.apart;
  expect(apart("#[cfg(test)]", "mod tests {")).toBe("test");
  expect(apart("#[cfg(test)]", "use std::mem;")).toBeUndefined();
});

describe("a copy counts", () => {
  const block = code("block", 12);
  const apart = (...paths: string[]) =>
    duplicates(Object.fromEntries(paths.map((path) => [path, block])))[0]?.apart;

  test("when two of its places do", () => {
    expect(apart("src/a.ts", "src/b.ts", "test/c.ts")).toBeUndefined();
  });

  test("and is apart when at most one does", () => {
    expect(apart("test/a.ts", "test/b.ts")).toBe("test");
    expect(apart("examples/a.ts", "src/b.ts")).toBe("example");
  });
});

test.each(['"""', "'''", 'r"""'])(
  "docstrings in %s are no code, texts that are values are",
  (quotes) => {
    const close = quotes.replace("r", "");
    const words = Array.from({ length: 12 }, (_, n) => `word${n} of a text that is long enough`);
    const docstring = ["def f():", quotes, ...words, close, "return 1"];
    expect(places({ "a.py": docstring, "b.py": docstring })).toEqual([]);
    const oneLine = (text: string) => ["def f():", `${quotes}${text}${close}`, ...code("x", 12)];
    expect(places({ "a.py": oneLine("One."), "b.py": oneLine("Other.") })).toEqual([
      "a.py:1-14 b.py:1-14",
    ]);
    const value = [`QUERY = ${quotes}`, ...words, close];
    expect(places({ "a.py": value, "b.py": value })).toEqual(["a.py:1-14 b.py:1-14"]);
  },
);
