import { describe, expect, test } from "vitest";
import { analyseText } from "../src/analyse/file.ts";
import { importsOf, isModule, parsed } from "../src/analyse/imports.ts";
import { lineIndex } from "../src/analyse/lines.ts";

const loads = (text: string, path = "a.ts"): readonly string[] =>
  importsIn(path, text).loads.map(({ specifier, line }) => `${line} ${specifier}`);

function importsIn(path: string, text: string) {
  const lineAt = lineIndex(text);
  return importsOf(parsed(path, text, lineAt).source, lineAt);
}

describe("a module loads", () => {
  test.each([
    'import "./x";',
    'import {} from "./x";',
    'import x from "./x"; x();',
    'import x, { type Y } from "./x"; x();',
    'import { type Y, x } from "./x"; x();',
    'import * as x from "./x"; x.y();',
    'import { x as y } from "./x"; export { y };',
    'import { X } from "./x"; class Y extends X<string> {}',
    'import { x } from "./x"; const y = { x };',
    'import { x } from "./x"; const { y = x } = {};',
    'import { x } from "./x"; const y = { [x]: 1 };',
    'export * from "./x";',
    'export * as x from "./x";',
    'export { x } from "./x";',
    'export { x, type Y } from "./x";',
    'export {} from "./x";',
    'import x = require("./x");',
    'const x = require("./x");',
    'if (y) require("./x");',
    "class Y { static { require(`./x`); } }",
  ])("%s", (text) => {
    expect(loads(text)).toEqual(["1 ./x"]);
  });

  test("with JSX, a component that is only used as an element", () => {
    expect(loads('import { X } from "./x"; const y = <X />;', "a.tsx")).toEqual(["1 ./x"]);
  });

  test("in JavaScript, what it imports and never uses, since nothing erases it", () => {
    expect(loads('import { x } from "./x";', "a.js")).toEqual(["1 ./x"]);
  });
});

describe("a module does not load", () => {
  test.each([
    'import type { X } from "./x"; const y: X = 1;',
    'import type {} from "./x";',
    'import { type X } from "./x";',
    'import { X } from "./x"; const y: X<typeof X> = 1 as X;',
    'import { X } from "./x"; class Y implements X {}',
    'import { X } from "./x"; interface Y extends X {}',
    'import { X } from "./x"; const y = z.X; const w = { X: 1 };',
    'import * as x from "./x"; let y: x.Y;',
    'export type { X } from "./x";',
    'export { type X } from "./x";',
    'export type * from "./x";',
    'import type x = require("./x");',
    'const x = import("./x");',
    'const x = () => require("./x");',
    'function x() { require("./x"); }',
    'class X { y() { require("./x"); } }',
    'const x = "import y from \'./x\'"; // import "./x"',
    "const x = require(y);",
  ])("%s", (text) => {
    expect(loads(text)).toEqual([]);
  });
});

test("lines are those of the statements, after a hashbang, comments and CR LF", () => {
  const text =
    '#!/usr/bin/env node\r\n/* x\r\n */\r\nimport {\r\n  x,\r\n} from "./x";\r\nx(); require("./y");';
  expect(importsIn("a.mjs", text)).toEqual({
    loads: [
      { specifier: "./x", line: 4 },
      { specifier: "./y", line: 7 },
    ],
    statements: [[4, 6]],
  });
});

test("characters that end a line for JavaScript only do not move the lines", () => {
  expect(loads('const x = "\u2028\u2029";\nimport "./x";')).toEqual(["2 ./x"]);
});

test("a syntax error is told with its line, and nothing half-read is used", () => {
  const analysis = analyseText("a.ts", 'import "./x";\n\nconst = 1;');
  expect(analysis.loads).toBeUndefined();
  expect(analysis.complexity).toBeUndefined();
  expect(analysis.leftOut).toBe(
    "its imports were not read: Variable declaration expected. (line 3)",
  );
});

test("JavaScript with a return at the top, JSX or Flow annotations is read", () => {
  const text =
    '/* @flow */ import type { T } from "./t"; const x = require("./x"); const y = (z: T) => <a />; return;';
  expect(loads(text, "a.js")).toEqual(["1 ./x"]);
});

test.each(["(", "[", "{", "!", "a=>", "if(a)", "a?b:"])(
  "a file of a hundred thousand %s is left out, and the program lives",
  (text) => {
    const { leftOut } = analyseText("a.ts", text.repeat(100_000));
    expect(leftOut).toBe("it is nested too deeply to be parsed");
  },
);

test.each([
  ["a.ts", true],
  ["a.d.ts", false],
  ["a.d.mts", false],
  ["a.d.css.ts", false],
  ["a.test.tsx", true],
  ["a.cjs", true],
  ["a.json", false],
  ["ats", false],
])("%s is a module: %s", (path, expected) => {
  expect(isModule(path)).toBe(expected);
});

test("a file that TypeScript's own parser fails on is left out by its name, and compared all the same", () => {
  const analysis = analyseText("a.ts", "@a await b");
  expect(analysis.leftOut).toMatch(/^its imports were not read: the parser failed: /);
  expect(analysis.code?.numbers).toEqual([1]);
});
