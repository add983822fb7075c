/**
 * Which tests are near a file: the rule of CONTRIBUTING.md, "How to see quickly". Reads names and imports; starts nothing.
 *
 * 1. A test is near itself.
 * 2. What lies in `src/<folder>/` has the tests in `test/<folder>/` near it, where there are some.
 * 3. Anything else has tests near it that lie right in `test/`: those of its name, those that hold its path in quotes, and
 *    those that reach it over the fewest imports, none of them through a door of the package. Where there is none of the
 *    three, because all come in by a door, it is all of them.
 *
 * `test/smoke.test.ts`, where there is one, is near everything. Other folders of `test/` are near what lies in them only:
 * they hold what takes longer than a look should.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";

/**
 * @typedef {object} Near
 * @property {string} workspace The folder of the package, relative to the root.
 * @property {string[]} tests Relative to that folder, in order.
 */

/**
 * Throws an `Error` for a file that is not there or in no package.
 *
 * @param {string} root The folder of the repository.
 * @param {string} file Relative to it.
 * @returns {Near}
 */
export function testsNear(root, file) {
  const path = file.split(sep).join("/");
  const workspace = /^(?:(?:packages|apps|tools)\/[^/]+|bench)(?=\/)/.exec(path)?.[0];
  if (!statSync(join(root, path), { throwIfNoEntry: false })?.isFile()) {
    throw new Error(`There is no file "${file}"`);
  }
  if (workspace === undefined || !existsSync(join(root, workspace, "package.json"))) {
    throw new Error(`"${file}" is in no package; what depends on it is seen by "pnpm check"`);
  }
  const inside = path.slice(workspace.length + 1);
  const home = join(root, workspace);
  const tests = filesIn(home, "test").filter((name) => name.endsWith(".test.ts"));
  const smoke = tests.filter((name) => name === "test/smoke.test.ts");
  return { workspace, tests: [...new Set([...nearTo(home, inside, tests), ...smoke])].sort() };
}

/**
 * @param {string} home
 * @param {string} file
 * @param {readonly string[]} tests
 */
function nearTo(home, file, tests) {
  if (tests.includes(file)) return [file];
  const [, folder] = /^src\/(.+?)\//.exec(file) ?? [];
  const mirrored = tests.filter((name) => folder && name.startsWith(`test/${folder}/`));
  if (mirrored.length > 0) return mirrored;
  const beside = /^test\/.*\//.exec(file)?.[0];
  const among = tests.filter(
    (name) => dirname(name) === "test" || (beside && name.startsWith(beside)),
  );
  const nearest = [
    ...among.filter((name) => nameOf(name) === nameOf(file)),
    ...among.filter((name) => namedIn(home, name, anyPath).includes(file)),
    ...fewestImports(home, file, new Set(among)),
  ];
  return nearest.length > 0 ? nearest : among;
}

/** @param {string} file */
const nameOf = (file) => basename(file).replace(/\..*/, "");

/**
 * Backwards from the file, one import at a time, until there are tests.
 *
 * @param {string} home
 * @param {string} file
 * @param {ReadonlySet<string>} tests
 */
function fewestImports(home, file, tests) {
  const doors = doorsOf(home);
  const importers = importersIn(home);
  const seen = new Set([file]);
  for (let reached = [file]; reached.length > 0; ) {
    const next = reached
      .filter((name) => name === file || !doors.has(name))
      .flatMap((name) => importers.get(name) ?? [])
      .filter((name) => !seen.has(name));
    for (const name of next) seen.add(name);
    const found = next.filter((name) => tests.has(name));
    if (found.length > 0) return [...new Set(found)];
    reached = [...new Set(next)];
  }
  return [];
}

/**
 * What `exports` of package.json leads to: every test could come in there.
 *
 * @param {string} home
 * @returns {Set<string>}
 */
function doorsOf(home) {
  const { exports: doors = {} } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  return new Set(JSON.stringify(doors).match(/(?<="\.\/)src\/[^"]+(?=")/g));
}

/**
 * By file: the files of the package that import it.
 *
 * @param {string} home
 */
function importersIn(home) {
  /** @type {Map<string, string[]>} */
  const importers = new Map();
  for (const name of [...filesIn(home, "src"), ...filesIn(home, "test"), ...filesIn(home, "", 1)]) {
    if (!/\.[jt]s$/.test(name)) continue;
    for (const imported of namedIn(home, name, anyImport)) {
      importers.set(imported, [...(importers.get(imported) ?? []), name]);
    }
  }
  return importers;
}

const anyPath = /["'`](\.\.?\/[^"'`\s$]+)["'`]/g;
const anyImport = /\b(?:from|import)\s*\(?\s*["'](\.\.?\/[^"']+)["']/g;

/**
 * The files that a file names by a path from where it lies.
 *
 * @param {string} home
 * @param {string} name
 * @param {RegExp} kind
 */
function namedIn(home, name, kind) {
  const text = readFileSync(join(home, name), "utf8");
  return Array.from(text.matchAll(kind), ([, path = ""]) =>
    join(dirname(name), path).split(sep).join("/"),
  );
}

/**
 * @param {string} home
 * @param {string} folder
 * @param {number} [levels]
 * @returns {string[]}
 */
function filesIn(home, folder, levels = Number.POSITIVE_INFINITY) {
  const path = join(home, folder);
  if (levels === 0 || !existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [name];
    return /^(node_modules|fixtures|consumers)$/.test(entry.name)
      ? []
      : filesIn(home, name, levels - 1);
  });
}
