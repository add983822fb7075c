/**
 * Makes the CommonJS form of a package out of its ES modules in `dist`, as a part of its build: for each `require` in
 * `exports` of package.json the `.cjs` that it names, and for each declaration `x.d.ts` an `x.d.cts`. What the entries share
 * stays one file, so that no class is there twice.
 *
 * Arguments: dependencies that are ES modules only, which not every loader of CommonJS can load. They become a part of the
 * build, and their licences are written beside it.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { rollup } from "rollup";
import license from "rollup-plugin-license";

const bundled = process.argv.slice(2);
const { exports: doors } = JSON.parse(readFileSync("package.json", "utf8"));
const entries = Object.values(doors)
  .map((door) => door.require?.default)
  .filter((file) => file !== undefined);

const isPackage = (id) => !/^[./\0]/.test(id);
const isInstalled = (file) => file?.includes("/node_modules/") === true;

const build = await rollup({
  input: entries.map((file) => file.replace(/\.cjs$/, ".js")),
  // What a bundled dependency depends on is bundled as well; everything else stays where it is installed.
  external: (id, importer) => isPackage(id) && !bundled.includes(id) && !isInstalled(importer),
  plugins:
    bundled.length === 0
      ? []
      : [
          nodeResolve({ preferBuiltins: true }),
          license({ thirdParty: { output: "dist/third-party-licenses.txt" } }),
        ],
  onwarn(warning) {
    throw new Error(warning.message);
  },
});
await build.write({
  dir: "dist",
  format: "cjs",
  entryFileNames: "[name].cjs",
  chunkFileNames: "[name].cjs",
  exports: "named",
  esModule: true,
  externalLiveBindings: false,
  generatedCode: "es2015",
});

for (const file of readdirSync("dist").filter((name) => name.endsWith(".d.ts"))) {
  const types = readFileSync(`dist/${file}`, "utf8");
  writeFileSync(
    `dist/${file.replace(/\.ts$/, ".cts")}`,
    types.replace(/(from |import\()(["'])(\.\/[^"']+)\.js\2/g, "$1$2$3.cjs$2"),
  );
}
