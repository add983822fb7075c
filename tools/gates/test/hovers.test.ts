import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";

const packages = join(import.meta.dirname, "../../../packages");

/** What users fill in, and what their functions are given: by the names that such records have here. */
const READ_WHILE_WRITING = /(Options|Policy|Config|Step|DataItem|TaskOrder|Context)$/;
const VALUE = ts.SymbolFlags.Function | ts.SymbolFlags.Class | ts.SymbolFlags.Variable;
const RECORD = ts.SymbolFlags.Interface | ts.SymbolFlags.Class;

/** The sources of what a published package exports. */
function entriesOf(name: string): string[] {
  const home = join(packages, name);
  const { private: unpublished, exports } = JSON.parse(
    readFileSync(join(home, "package.json"), "utf8"),
  ) as { private?: boolean; exports?: unknown };
  const entries: string[] = [];
  if (unpublished === true) return entries;
  JSON.stringify(exports, (key, value: unknown) => {
    if (key === "@astrum/source" && String(value).endsWith(".ts")) {
      entries.push(join(home, String(value)));
    }
    return value;
  });
  return entries;
}

/** What an editor shows of what modules export, where that is no sentence. */
function unexplained(modules: readonly string[], host?: ts.CompilerHost): string[] {
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
    allowImportingTsExtensions: true,
    noEmit: true,
    customConditions: ["@astrum/source"],
    types: ["node"],
    typeRoots: [join(packages, "core/node_modules/@types")],
  };
  const program = ts.createProgram([...modules], options, host);
  const checker = program.getTypeChecker();
  const found = new Set<string>();
  const look = (name: string, symbol: ts.Symbol): void => {
    const said = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
    if (!/^[A-Z`\d"][\s\S]*[.`:]$/.test(said)) found.add(name);
  };
  for (const file of modules) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile);
    for (const exported of module === undefined ? [] : checker.getExportsOfModule(module)) {
      const { name } = exported;
      const alias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const symbol = alias ? checker.getAliasedSymbol(exported) : exported;
      if ((symbol.flags & VALUE) !== 0) look(name, symbol);
      if ((symbol.flags & RECORD) === 0 || !READ_WHILE_WRITING.test(name)) continue;
      for (const property of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
        if (isOurs(property)) look(`${name}.${property.name}`, property);
      }
    }
  }
  return [...found];
}

function isOurs({ declarations = [] }: ts.Symbol): boolean {
  return declarations.every((one) => !one.getSourceFile().fileName.includes("node_modules"));
}

it("whoever points at what a package exports, or at an option, reads a sentence", () => {
  const modules = readdirSync(packages).flatMap(entriesOf);
  expect(modules.length).toBeGreaterThan(10);
  expect(unexplained(modules)).toEqual([]);
}, 120_000);

it("what says nothing is found", () => {
  const file = "/bare.ts";
  const text = `
    export const bare = 1;
    /** Says it. */
    export function said() {}
    export interface BareOptions { readonly size?: number; /** says it badly */ readonly name?: string }
  `;
  const host = ts.createCompilerHost({});
  const read = host.getSourceFile;
  host.getSourceFile = (name, version) =>
    name === file ? ts.createSourceFile(name, text, version, true) : read(name, version);
  const there = host.fileExists;
  host.fileExists = (name) => name === file || there(name);
  expect(unexplained([file], host)).toEqual(["bare", "BareOptions.size", "BareOptions.name"]);
}, 120_000);
