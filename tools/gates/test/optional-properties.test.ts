import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const packages = join(import.meta.dirname, "../../../packages");

/** What users fill in: by the names that such records have here. */
const FILLED_IN = /(Options|Policy|Config|Step|DataItem|TaskOrder|TerminalStream)$/;

/**
 * The optional properties of a source that users fill in and that do not take `undefined`: `signal: maybe` is no type
 * error without strictness, and one with `exactOptionalPropertyTypes`.
 */
function refusing(source: string): string[] {
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.ESNext, true);
  const found: string[] = [];
  const visit = (node: ts.Node, filledIn: string | undefined): void => {
    if (ts.isPropertySignature(node) && filledIn !== undefined && refuses(node)) {
      found.push(`${filledIn}.${node.name.getText()}`);
    }
    ts.forEachChild(node, (child) => visit(child, recordOf(child) ?? filledIn));
  };
  visit(file, undefined);
  return found;
}

/** The name of a record that users fill in; of an exported function it is what stands in its parameters. */
function recordOf(node: ts.Node): string | undefined {
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
    return isExported(node) && FILLED_IN.test(node.name.text) ? node.name.text : undefined;
  }
  if (!ts.isParameter(node)) return undefined;
  const owner = node.parent;
  if (ts.isFunctionDeclaration(owner) && isExported(owner)) return `${owner.name?.text}()`;
  const method = ts.isMethodSignature(owner) && isExported(owner.parent as ts.Declaration);
  return method ? `${owner.name.getText()}()` : undefined;
}

function isExported(node: ts.Declaration): boolean {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) !== 0;
}

function refuses({ name, questionToken, type }: ts.PropertySignature): boolean {
  // Nobody fills in what is under a symbol.
  if (questionToken === undefined || type === undefined || ts.isComputedPropertyName(name)) {
    return false;
  }
  const parts = ts.isUnionTypeNode(type) ? type.types : [type];
  const accepting = [ts.SyntaxKind.UndefinedKeyword, ts.SyntaxKind.UnknownKeyword];
  // `never` says that the property is not there at all.
  return !parts.some(({ kind }) => [...accepting, ts.SyntaxKind.NeverKeyword].includes(kind));
}

describe("Optional properties that users fill in", () => {
  const names = readdirSync(packages).filter((name) => existsSync(join(packages, name, "src")));

  it.each(names)("take undefined: %s", (name) => {
    const src = join(packages, name, "src");
    const found = readdirSync(src, { recursive: true, encoding: "utf8" })
      .filter((file) => /\.ts$/.test(file) && !/\.(generated|d)\.ts$/.test(file))
      .flatMap((file) =>
        refusing(readFileSync(join(src, file), "utf8")).map((place) => `${file}: ${place}`),
      );
    expect(found).toEqual([]);
  });

  it("are found where they do not", () => {
    expect(
      refusing(`
        export interface RunOptions { signal?: AbortSignal; nested?: { deep?: string } | undefined }
        export type RetryPolicy = { readonly baseMs?: number | undefined; backoff?: () => number };
        export function flush(options: { timeoutMs?: number } = {}): void {}
        export interface Report { toJSON(options?: { outputs?: boolean }): object; size?: number }
        interface Settings { width?: number }
        export interface Row { index?: number; any?: unknown }
        export interface PoolOptions { readonly [SECRET]?: number }
        export interface TaskOrder { deps?: never; any?: unknown }
      `),
    ).toEqual([
      "RunOptions.signal",
      "RunOptions.deep",
      "RetryPolicy.backoff",
      "flush().timeoutMs",
      "toJSON().outputs",
    ]);
  });
});
