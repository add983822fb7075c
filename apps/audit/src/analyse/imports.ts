/**
 * The modules that a JavaScript or TypeScript file loads when it is loaded itself, read by TypeScript's own parser.
 * Resolves nothing. (Native parsers are faster, but a deeply nested file overflows their stack and takes the whole
 * process with it; here it is an exception.)
 *
 * Counted: `import` and `export … from` statements, `import x = require()`, and `require()` calls outside every
 * function. Not counted, because nothing is loaded or not yet: `import type`, `export type`, statements all of whose
 * names are marked `type`, `import()`, `require()` inside a function, and in TypeScript an import none of whose names
 * is used as a value, which compilers erase by default. (`verbatimModuleSyntax` keeps the last kind; an edge that only
 * some compiler options make is left out rather than guessed.)
 */
import type {
  DiagnosticWithLocation,
  ExportDeclaration,
  ExportSpecifier,
  ImportDeclaration,
  ImportSpecifier,
  NamedExportBindings,
  NamedImportBindings,
  Node,
  ScriptKind,
  SourceFile,
} from "typescript";
import { isDeclarationFile } from "./languages.ts";
import ts from "./typescript.ts";

export interface Import {
  /** As written: `./graph.ts`. */
  readonly specifier: string;
  readonly line: number;
}

export interface Imports {
  readonly loads: readonly Import[];
  /** First and last line of every `import` and `export … from` statement, type-only ones too. */
  readonly statements: readonly (readonly [firstLine: number, lastLine: number])[];
}

/** The others are JavaScript, read with JSX: legal in `.jsx` alone, and common in all of them. */
const languages: Readonly<Record<string, ScriptKind>> = {
  ts: ts.ScriptKind.TS,
  mts: ts.ScriptKind.TS,
  cts: ts.ScriptKind.TS,
  tsx: ts.ScriptKind.TSX,
};

/** Declaration files load nothing at run time and are left out. */
export function isModule(path: string): boolean {
  return /\.([cm]?[jt]s|[jt]sx)$/.test(path) && !isDeclarationFile(path);
}

export interface Parsed {
  readonly source: SourceFile;
  /** What the parser found wrong first: then a part of the tree could mislead. */
  readonly syntaxError?: string;
}

/** Throws a `RangeError` when the file is nested more deeply than the stack is high, as do those who walk its tree. */
export function parsed(path: string, text: string, lineAt: (offset: number) => number): Parsed {
  const kind = languages[path.slice(path.lastIndexOf(".") + 1)] ?? ts.ScriptKind.JSX;
  const languageVersion = ts.ScriptTarget.Latest;
  const jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
  const options = { languageVersion, jsDocParsingMode };
  const parse = (text: string): SourceFile => ts.createSourceFile(path, text, options, false, kind);
  let source: SourceFile;
  try {
    source = parse(text);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    // On some of what is no TypeScript, `@a await b`, the parser itself fails.
    return { source: parse(""), syntaxError: `the parser failed: ${(error as Error).message}` };
  }
  // The parser keeps its complaints on the tree; the public way to them would build a whole program for every file.
  type Complaining = SourceFile & { readonly parseDiagnostics?: readonly DiagnosticWithLocation[] };
  const [error] = (source as Complaining).parseDiagnostics ?? [];
  if (error === undefined) return { source };
  const message = ts.flattenDiagnosticMessageText(error.messageText, " ");
  return { source, syntaxError: `${message} (line ${lineAt(error.start)})` };
}

/** `lineAt` because the parser's own lines are others: to it, U+2028 and U+2029 end one as well. */
export function importsOf(source: SourceFile, lineAt: (offset: number) => number): Imports {
  const loads: Import[] = [];
  const statements: [number, number][] = [];
  const load = (node: Node, specifier: string): void => {
    loads.push({ specifier, line: lineAt(node.getStart(source)) });
  };
  const erases = /\.([cm]?ts|tsx)$/.test(source.fileName);
  // The walk costs as much as the parse; without one of these two it has nothing to tell.
  const asks =
    /\brequire\b/.test(source.text) || (erases && source.statements.some(ts.isImportDeclaration));
  const { values, requires } = asks ? usesOf(source) : nothingUsed;
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    if (statement.moduleSpecifier === undefined) continue;
    statements.push([lineAt(statement.getStart(source)), lineAt(statement.end)]);
    const specifier = statement.moduleSpecifier;
    if (!ts.isStringLiteral(specifier) || isTypeOnly(statement)) continue;
    if (erases && ts.isImportDeclaration(statement) && isUnused(statement, values)) continue;
    load(statement, specifier.text);
  }
  for (const [node, specifier] of requires) load(node, specifier);
  return { loads: loads.sort((a, b) => a.line - b.line), statements };
}

function isTypeOnly(statement: ImportDeclaration | ExportDeclaration): boolean {
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
function allMarked(bindings: NamedImportBindings | NamedExportBindings): boolean {
  if (!ts.isNamedImports(bindings) && !ts.isNamedExports(bindings)) return false;
  const elements: readonly (ImportSpecifier | ExportSpecifier)[] = [...bindings.elements];
  return elements.length > 0 && elements.every((element) => element.isTypeOnly);
}

/** `import "./effect.js"` and `import {} from` name nothing, and load for the effect. */
function isUnused({ importClause }: ImportDeclaration, values: ReadonlySet<string>): boolean {
  if (importClause === undefined) return false;
  const { name, namedBindings } = importClause;
  const names = name === undefined ? [] : [name];
  if (namedBindings !== undefined) {
    if (ts.isNamespaceImport(namedBindings)) names.push(namedBindings.name);
    else for (const element of namedBindings.elements) names.push(element.name);
  }
  return names.length > 0 && !names.some(({ text }) => values.has(text));
}

interface Uses {
  /** Every name that stands where a value is read. */
  readonly values: ReadonlySet<string>;
  /** What is required when the file is loaded. */
  readonly requires: readonly (readonly [node: Node, specifier: string])[];
}

const nothingUsed: Uses = { values: new Set(), requires: [] };

function usesOf(source: SourceFile): Uses {
  const values = new Set<string>();
  const requires: [Node, string][] = [];
  let functions = 0;
  const look = (node: Node): void => {
    if (isErased(node)) return;
    if (ts.isIdentifier(node)) {
      values.add(node.text);
      return;
    }
    if (functions === 0) {
      const specifier = requiredBy(node);
      if (specifier !== undefined) requires.push([node, specifier]);
    }
    const names = namesGivenBy(node);
    const inFunction = ts.isFunctionLike(node);
    if (inFunction) functions++;
    ts.forEachChild(node, (child) => {
      if (!names.includes(child)) look(child);
    });
    if (inFunction) functions--;
  };
  look(source);
  return { values, requires };
}

function isErased(node: Node): boolean {
  if (ts.isExpressionWithTypeArguments(node)) return false;
  return (
    ts.isImportDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeNode(node) ||
    ts.isTypeAliasDeclaration(node) ||
    (ts.isHeritageClause(node) && node.token === ts.SyntaxKind.ImplementsKeyword) ||
    (ts.isExportSpecifier(node) && node.isTypeOnly) ||
    (ts.isExportDeclaration(node) && (node.isTypeOnly || node.moduleSpecifier !== undefined)) ||
    (ts.canHaveModifiers(node) &&
      (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword))
  );
}

/** Names that a node declares or that belong to an object: they read no value of the module's. */
function namesGivenBy(node: Node): (Node | undefined)[] {
  if (ts.isShorthandPropertyAssignment(node)) return [];
  if (ts.isExportSpecifier(node)) return node.propertyName === undefined ? [] : [node.name];
  if (ts.isBindingElement(node)) return [node.propertyName, onlyIdentifier(node.name)];
  if (ts.isPropertyAccessExpression(node)) return [node.name];
  return "name" in node ? [onlyIdentifier(node.name as Node | undefined)] : [];
}

/** Patterns and computed names hold expressions, which do read values. */
function onlyIdentifier(name: Node | undefined): Node | undefined {
  return name !== undefined && ts.isIdentifier(name) ? name : undefined;
}

function requiredBy(node: Node): string | undefined {
  if (ts.isImportEqualsDeclaration(node)) {
    const { moduleReference, isTypeOnly: marked } = node;
    if (marked || !ts.isExternalModuleReference(moduleReference)) return undefined;
    const { expression } = moduleReference;
    return ts.isStringLiteralLike(expression) ? expression.text : undefined;
  }
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return undefined;
  const [argument] = node.arguments;
  if (node.expression.text !== "require" || argument === undefined) return undefined;
  return ts.isStringLiteralLike(argument) ? argument.text : undefined;
}
