/** The package as a user gets it: packed, installed into a folder of its own, and used from there. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "astrum-packed-"));
const root = fileURLToPath(new URL("../../../../", import.meta.url));

const program = `
  import { flow, task } from "@astrum/core";
  import { createWorkerPool, workerModule, WorkerCrashedError } from "@astrum/worker-threads";
  const math = workerModule<typeof import("./math.js")>(new URL("./math.js", import.meta.url));
  await using pool = createWorkerPool({ threads: 2 });
  const base = task("base", () => ({ n: 20 }));
  const fib = task("fib", { base }, ({ base }, context) => fibonacci(base.n, context));
  const fibonacci = pool.task(math.fibonacci);
  const report = await flow("packed", { fib }).run();
  const crash: unknown = await pool.task(math.crash)(3).catch((error: unknown) => error);
  const code = crash instanceof WorkerCrashedError ? crash.exitCode : undefined;
  console.log(JSON.stringify({ fib: report.unwrap().fib satisfies number, code }));
`;
const math = `
  export function fibonacci(n: number): number { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
  export function crash(code: number): void { process.exit(code); }
`;

function run(command: string, args: string[], cwd = folder): string {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NODE_PATH: "", NODE_OPTIONS: "" },
  });
}

beforeAll(() => {
  for (const name of ["core", "worker-threads"])
    run("pnpm", ["pack", "--pack-destination", folder], join(root, "packages", name));
  const packed = (name: string): string =>
    `file:./${readdirSync(folder).find((file) => file.startsWith(`astrum-${name}-`))}`;
  const dependencies = {
    "@astrum/core": packed("core"),
    "@astrum/worker-threads": packed("worker-threads"),
  };
  const manifest = { name: "user", private: true, type: "module", dependencies };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"]);
  writeFileSync(join(folder, "math.ts"), math);
  writeFileSync(join(folder, "main.ts"), program);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What the compiler says of the program in that folder, with those types of the environment alone. */
function compile(lib: string[]): string[] {
  const place = join(folder, `lib-${lib.length}`);
  mkdirSync(place);
  const source = `
    import { task } from "@astrum/core";
    import { createWorkerPool, workerModule } from "@astrum/worker-threads";
    interface Images {
      size(input: { readonly bytes: Uint8Array }): Promise<number>;
      watch(input: { readonly bytes: Uint8Array }): { readonly onDone: () => void };
    }
    const images = workerModule<Images>("file:///images.js");
    const pool = createWorkerPool();
    const bytes = task("bytes", () => new Uint8Array(3));
    task("size", { bytes }, pool.task(images.size));
    task("watch", { bytes }, pool.task(images.watch));
  `;
  writeFileSync(join(place, "main.ts"), source);
  const compilerOptions = {
    target: "es2022",
    lib,
    module: "nodenext",
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
  };
  writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", place, "--pretty", "false"], {
    encoding: "utf8",
  });
  return stdout.split("\n").filter((line) => line.includes(": error TS"));
}

test("without the types of Node, says that these are missing, where a function is used", () => {
  const errors = compile(["es2023"]);
  expect(errors).toHaveLength(2);
  for (const error of errors)
    expect(error).toContain(
      'CannotCross<"any function", "the types of Node are missing: install @types/node, ' +
        'and list \\"node\\" in `types` of tsconfig.json">',
    );
});

test("with the types of the DOM in their place, judges what can cross as ever", () => {
  expect(compile(["es2023", "dom"])).toEqual([
    expect.stringContaining('CannotCross<"the result of this function", "a function">'),
  ]);
});

test("brings along what it shares with other packages, which is in no registry", () => {
  const installed = join(folder, "node_modules/@astrum/worker-threads");
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    dependencies: object;
  };
  expect(Object.keys(manifest.dependencies).sort()).toEqual(["@astrum/core", "piscina"]);
  for (const file of readdirSync(join(installed, "dist")).filter((name) => !name.endsWith(".map")))
    expect(readFileSync(join(installed, "dist", file), "utf8")).not.toContain("astrum-crossing");
});

test("compiles for a user with strict types, and runs what it compiled to", () => {
  const compilerOptions = {
    target: "es2022",
    lib: ["es2023"],
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
  };
  const config = { compilerOptions, files: ["main.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  run(process.execPath, [createRequire(import.meta.url).resolve("typescript/bin/tsc")]);
  expect(JSON.parse(run(process.execPath, ["main.js"]))).toEqual({ fib: 6765, code: 3 });
});
