/** Programs of tests as one file that a Node of its own runs: the sources of the packages are in it. */
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";

/** The package's folder: what `compiledText` is written in finds `./src/index.ts`. */
const home = fileURLToPath(new URL("..", import.meta.url));

const common: BuildOptions = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  conditions: ["@astrum/source"],
  logLevel: "error",
};

/** Of a program in this folder, by its path from here. */
export async function compiledFile(path: string, outfile: string): Promise<void> {
  const entry = fileURLToPath(new URL(path, import.meta.url));
  await build({ ...common, entryPoints: [entry], outfile });
}

/** Of TypeScript as it stands in a test. */
export async function compiledText(contents: string, outfile: string): Promise<void> {
  await build({ ...common, stdin: { contents, loader: "ts", resolveDir: home }, outfile });
}
