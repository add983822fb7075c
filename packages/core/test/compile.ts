/** Programs as users of the package compile them: against its declarations, with strict settings. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const src = fileURLToPath(new URL("../src", import.meta.url));
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts"],
  module: ts.ModuleKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
  types: [],
};

const INSTALLED = "/node_modules/@astrum/core/";

/** A file of the package as its users have it: its declarations only. */
function installed(path: string): string | undefined {
  if (path === `${INSTALLED}package.json`) {
    const exports = {
      ".": { types: "./index.d.ts" },
      "./testing": { types: "./testing.d.ts" },
      "./whatif": { types: "./whatif.d.ts" },
    };
    return JSON.stringify({ name: "@astrum/core", type: "module", exports });
  }
  const name = path.startsWith(INSTALLED) ? path.slice(INSTALLED.length) : "";
  const source = join(src, name.replace(/\.d\.ts$/, ".ts"));
  if (!name.endsWith(".d.ts") || !existsSync(source)) return undefined;
  const { outputText } = ts.transpileDeclaration(readFileSync(source, "utf8"), {
    compilerOptions: { ...options, noEmit: false, declaration: true, isolatedDeclarations: true },
  });
  return outputText;
}

/** What every program finds, in the place of the libraries of Node or of the DOM, which take seconds to read. */
const GLOBALS = `
interface AbortSignal { readonly aborted: boolean }
declare const console: { log(...values: unknown[]): void };
declare function fetch(url: string): Promise<{ json(): Promise<unknown> }>;
`;

/** What TypeScript says of files, each a module of its own. */
export function compile(files: Readonly<Record<string, string>>): readonly ts.Diagnostic[] {
  const written = new Map(Object.entries(files).map(([name, text]) => [`/${name}`, text]));
  written.set("/globals.d.ts", GLOBALS);
  const read = (path: string): string | undefined => written.get(path) ?? installed(path);
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    getCurrentDirectory: () => "/",
    directoryExists: (path) => `${path}/`.startsWith(INSTALLED) || INSTALLED.startsWith(`${path}/`),
    fileExists: (path) => read(path) !== undefined,
    readFile: read,
    getSourceFile: (path, version) => {
      const own = read(path);
      return own === undefined
        ? disk.getSourceFile(path, version)
        : ts.createSourceFile(path, own, version);
    },
  };
  return ts.getPreEmitDiagnostics(ts.createProgram([...written.keys()], options, host));
}
