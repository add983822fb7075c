/**
 * Before the tests: packs the packages and installs the tarballs beside the toolbox, in a folder outside the checkout, so
 * that nothing of the checkout is found by looking upwards. The toolbox is kept between runs, the tarballs never.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** The folder of this run: `node_modules/@astrum` in it, the toolbox's `node_modules` above it. */
    readonly installed: string;
    /** The version of each tool of the toolbox. */
    readonly versions: Readonly<Record<string, string>>;
  }
}

const packages = ["core", "otel", "prometheus", "reporters", "worker-threads"];
const home = join(import.meta.dirname, "../..");
const root = join(home, "../..");

export default function install(project: TestProject): () => void {
  const toolbox = installToolbox();
  const installed = mkdtempSync(join(toolbox, "run-"));
  for (const name of packages) packInto(installed, join(root, "packages", name));
  const dependencies = Object.fromEntries(
    packages.map((name) => [
      `@astrum/${name}`,
      `file:./${readdirSync(installed).find((file) => file.startsWith(`astrum-${name}-`))}`,
    ]),
  );
  writeFileSync(
    join(installed, "package.json"),
    JSON.stringify({ name: "user", private: true, dependencies }),
  );
  npmInstall(installed);
  project.provide("installed", installed);
  project.provide("versions", versionsIn(join(toolbox, "package-lock.json")));
  return () => rmSync(installed, { recursive: true, force: true });
}

/** One for each content of its lock file. It is moved into its place when it is whole. */
function installToolbox(): string {
  const lock = readFileSync(join(home, "toolbox/package-lock.json"));
  const digest = createHash("sha256").update(lock).digest("hex").slice(0, 12);
  const toolbox = join(tmpdir(), `astrum-toolbox-${digest}`);
  if (existsSync(toolbox)) return toolbox;
  const begun = mkdtempSync(join(tmpdir(), "astrum-toolbox-begun-"));
  for (const file of ["package.json", "package-lock.json"])
    copyFileSync(join(home, "toolbox", file), join(begun, file));
  try {
    npmInstall(begun);
    renameSync(begun, toolbox);
  } catch (error) {
    rmSync(begun, { recursive: true });
    if (!existsSync(toolbox)) throw error; // Otherwise another run was first.
  }
  return toolbox;
}

function packInto(folder: string, from: string): void {
  execFileSync(join(root, "node_modules/.bin/pnpm"), ["pack", "--pack-destination", folder], {
    cwd: from,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Peers are not added: those of the packages lie in the toolbox, those of its tools are among the tools. */
function npmInstall(cwd: string): void {
  const quietly = [
    "--legacy-peer-deps",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--loglevel=error",
  ];
  execFileSync("npm", ["install", ...quietly], { cwd, stdio: ["ignore", "ignore", "inherit"] });
}

function versionsIn(lockFile: string): Record<string, string> {
  const { packages: locked } = JSON.parse(readFileSync(lockFile, "utf8")) as {
    packages: Record<string, { version?: string }>;
  };
  return Object.fromEntries(
    Object.entries(locked).flatMap(([place, { version }]) =>
      version === undefined ? [] : [[place.replace(/^node_modules\//, ""), version]],
    ),
  );
}
