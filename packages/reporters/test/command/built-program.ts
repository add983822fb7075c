/** The program as `tsup` builds it for `dist`, from the sources of all packages, so that the tests start what a user starts. */
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "tsup";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Inside node_modules, so that libraries are found from there and git does not see it. */
const folder = here("../../node_modules/.program-under-test/");

/** Resolves with the path of the program. */
export async function builtProgram(): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  await build({
    clean: false,
    config: here("../../tsup.config.ts"),
    dts: false,
    entry: { "astrum-report": here("../../src/astrum-report.ts") },
    outDir: folder,
    noExternal: [/^astrum-/, /^@astrum\//],
    esbuildOptions: (esbuild) => {
      esbuild.conditions = ["@astrum/source"];
    },
  });
  return `${folder}astrum-report.js`;
}
