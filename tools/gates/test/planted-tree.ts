import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The monorepo these gates belong to. */
export const root: string = join(import.meta.dirname, "../../..");

const inFolders = (package_: string): readonly string[] =>
  readdirSync(join(root, "packages", package_, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.includes("/") && file.endsWith(".ts"))
    .map((file) => file.slice(0, -3))
    .sort();

/** The core's files in their folders, as they are today: `machine/run`. */
export const coreFiles: readonly string[] = inFolders("core");

/** Those of the reporters: `writing/csv`. */
export const reporterFiles: readonly string[] = inFolders("reporters");

/** A monorepo of nearly empty files behind the real gates, with the given files planted. The caller removes it. */
export function plantTree(planted: Readonly<Record<string, string>>): string {
  const tree = realpathSync(mkdtempSync(join(tmpdir(), "planted-")));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  };
  const install = (package_: string, into: string): void => {
    const scope = join(tree, into, "node_modules/@astrum");
    mkdirSync(scope, { recursive: true });
    symlinkSync(join(tree, "packages", package_), join(scope, package_));
  };

  for (const gate of [
    "biome.json",
    ".gitignore",
    "tools/gates/arrows.config.js",
    "tools/gates/pure-machine.grit",
  ])
    cpSync(join(root, gate), join(tree, gate));
  write("package.json", JSON.stringify({ type: "module" }));

  const packages = {
    core: { "./testing": "./src/testing.ts" },
    conformance: {},
    crossing: {},
    options: {},
    otel: {},
    prometheus: {},
    reporters: {},
  };
  for (const [name, doors] of Object.entries(packages)) {
    const exports = { ".": "./src/index.ts", ...doors };
    write(
      `packages/${name}/package.json`,
      JSON.stringify({ name: `@astrum/${name}`, type: "module", exports }),
    );
    write(`packages/${name}/src/index.ts`, source);
    write(`packages/${name}/test/it.test.ts`, source);
  }
  for (const file of [...coreFiles, "testing"]) write(`packages/core/src/${file}.ts`, source);
  for (const file of [...reporterFiles, "reporter-table", "astrum-report"])
    write(`packages/reporters/src/${file}.ts`, source);
  write("packages/reporters/page/main.ts", source);
  write("node_modules/installed/package.json", JSON.stringify({ main: "dist/index.js" }));
  write("node_modules/installed/dist/index.js", "export const value = 0;\n");
  write("packages/core/dist/index.js", 'import "nothing that an arrow may follow";\n');
  write("apps/audit/src/main.ts", source);
  write("bench/src/main.ts", source);
  const users = ["conformance", "crossing", "options", "otel"].map((name) => `packages/${name}`);
  for (const into of [...users, "apps/audit", "bench"])
    for (const name of ["core", "prometheus", "conformance", "crossing", "options"])
      install(name, into);

  for (const [file, text] of Object.entries(planted)) write(file, text);
  return tree;
}

export function cutTree(tree: string): void {
  rmSync(tree, { recursive: true });
}

const source = "export type Kind = never;\nexport const value = 0;\n";
