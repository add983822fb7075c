/**
 * The modules that a JavaScript or TypeScript file loads when it is loaded itself, read by TypeScript's own parser.
 * Resolves nothing. (Native parsers are faster, but a deeply nested file overflows their stack and takes the whole
 * process with it; here it is an exception.)
 *
 * Counted: `import` and `export … from` statements, `import x = require()`, and `require()` calls outside every
 * function. Not counted, because nothing is loaded or not yet: `import type`, `export type`, statements all of whose
 * names are marked `type`, `import()`, and `require()` inside a function. An import whose names merely happen to be
 * used as types is counted: whether it is erased is up to the compiler's options; `import type` says so.
 */
import ts from "typescript";

export interface Import {
  /** As written: `./graph.ts`. */
  readonly specifier: string;
  readonly line: number;
}

export interface Imports {
  readonly loads: readonly Import[];
  /** First and last line of every `import` and `export … from` statement, type-only ones too. */
  readonly statements: readonly (readonly [firstLine: number, lastLine: number])[];
  /** Set when the file could not be parsed; the lists are empty then, for a part of them could mislead. */
  readonly syntaxError?: string;
}

const languages: Readonly<Record<string, ts.ScriptKind>> = {
  // JSX is legal in none of the first three and common in all of them.
  js: ts.ScriptKind.JSX,
  mjs: ts.ScriptKind.JSX,
  cjs: ts.ScriptKind.JSX,
  jsx: ts.ScriptKind.JSX,
  ts: ts.ScriptKind.TS,
  mts: ts.ScriptKind.TS,
  cts: ts.ScriptKind.TS,
  tsx: ts.ScriptKind.TSX,
};

/** Declaration files load nothing at run time and are left out. */
export function isModule(path: string): boolean {
  return /\.([cm]?[jt]s|[jt]sx)$/.test(path) && !/\.d\.([^./]+\.)?[cm]?ts$/.test(path);
}

/** Throws a `RangeError` when the file is nested more deeply than the stack is high. */
export function importsOf(path: string, text: string): Imports {
  const kind = languages[path.slice(path.lastIndexOf(".") + 1)] ?? ts.ScriptKind.JSX;
  const languageVersion = ts.ScriptTarget.Latest;
  const jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
  const source = ts.createSourceFile(
    path,
    text,
    { languageVersion, jsDocParsingMode },
    false,
    kind,
  );
  const lineAt = (offset: number): number => source.getLineAndCharacterOfPosition(offset).line + 1;
  const error = parseDiagnosticsOf(source)[0];
  if (error !== undefined) {
    const message = ts.flattenDiagnosticMessageText(error.messageText, " ");
    return { loads: [], statements: [], syntaxError: `${message} (line ${lineAt(error.start)})` };
  }
  const loads: Import[] = [];
  const statements: [number, number][] = [];
  const load = (node: ts.Node, specifier: string): void => {
    loads.push({ specifier, line: lineAt(node.getStart(source)) });
  };
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    if (statement.moduleSpecifier === undefined) continue;
    statements.push([lineAt(statement.getStart(source)), lineAt(statement.end)]);
    const specifier = statement.moduleSpecifier;
    if (ts.isStringLiteral(specifier) && !isTypeOnly(statement)) load(statement, specifier.text);
  }
  if (/\brequire\b/.test(text)) {
    for (const [node, specifier] of requiresOf(source)) load(node, specifier);
  }
  return { loads: loads.sort((a, b) => a.line - b.line), statements };
}

function isTypeOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(statement)) {
    const { exportClause, isTypeOnly: marked } = statement;
    return marked || (exportClause !== undefined && allMarked(exportClause));
  }
  const { importClause } = statement;
  if (importClause === undefined) return false;
  const { name, namedBindings } = importClause;
  return (
    importClause.isTypeOnly ||
    (name === undefined && namedBindings !== undefined && allMarked(namedBindings))
  );
}

/** `{ type A, type B }`; empty braces load the module for its effects. */
function allMarked(bindings: ts.NamedImportBindings | ts.NamedExportBindings): boolean {
  if (!ts.isNamedImports(bindings) && !ts.isNamedExports(bindings)) return false;
  const elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[] = [...bindings.elements];
  return elements.length > 0 && elements.every((element) => element.isTypeOnly);
}

function requiresOf(source: ts.SourceFile): [node: ts.Node, specifier: string][] {
  const found: [ts.Node, string][] = [];
  const look = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isImportEqualsDeclaration(node)) {
      const { moduleReference, isTypeOnly: marked } = node;
      if (marked || !ts.isExternalModuleReference(moduleReference)) return;
      if (ts.isStringLiteralLike(moduleReference.expression)) {
        found.push([node, moduleReference.expression.text]);
      }
      return;
    }
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      const [argument] = node.arguments;
      if (node.expression.text === "require" && argument && ts.isStringLiteralLike(argument)) {
        found.push([node, argument.text]);
      }
    }
    ts.forEachChild(node, look);
  };
  look(source);
  return found;
}

/** The parser keeps its complaints on the tree; the public way to them would build a whole program for every file. */
function parseDiagnosticsOf(source: ts.SourceFile): readonly ts.DiagnosticWithLocation[] {
  const { parseDiagnostics } = source as ts.SourceFile & {
    readonly parseDiagnostics?: readonly ts.DiagnosticWithLocation[];
  };
  return parseDiagnostics ?? [];
}
