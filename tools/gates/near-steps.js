/**
 * What `pnpm near` starts for some files, as commands in three lines of work that run beside each other: the types of each
 * package, the arrows of the whole tree, the tests near the files. Starts nothing.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { testsNear } from "./near-tests.js";

/**
 * @typedef {object} Step
 * @property {string} what
 * @property {string} folder Where it runs, relative to the root.
 * @property {readonly string[]} command The program is one of the gates, or of the root.
 */

/**
 * Throws an `Error` when there are no tests near a file to be found out: see `testsNear`.
 *
 * @param {string} root
 * @param {readonly string[]} files Relative to it.
 * @returns {Step[][]}
 */
export function stepsNear(root, files) {
  /** @type {Map<string, Set<string>>} */
  const near = new Map();
  for (const file of files) {
    const { workspace, tests } = testsNear(root, file);
    near.set(workspace, new Set([...(near.get(workspace) ?? []), ...tests]));
  }
  const arrows = [
    "depcruise",
    "--config",
    "tools/gates/arrows.config.js",
    "--output-type",
    "err-long",
    ".",
  ];
  return [
    [...near.keys()].flatMap((folder) => typesOf(root, folder)),
    [{ what: "arrows", folder: ".", command: arrows }],
    [...near].flatMap(([folder, tests]) => testsIn(folder, [...tests])),
  ];
}

/**
 * A compiler for each configuration that lies in the package, with a memory of the last time.
 *
 * @param {string} root
 * @param {string} folder
 * @returns {Step[]}
 */
function typesOf(root, folder) {
  const configs = readdirSync(join(root, folder)).filter((name) => /^tsconfig.*\.json$/.test(name));
  return configs.sort().map((config) => {
    const memory = [
      "--incremental",
      "--tsBuildInfoFile",
      `node_modules/.near/${config}.tsbuildinfo`,
    ];
    const what = `types of ${folder}${config === "tsconfig.json" ? "" : `, ${config}`}`;
    return { what, folder, command: ["tsc", "-p", config, ...memory] };
  });
}

/**
 * @param {string} folder
 * @param {readonly string[]} tests
 * @returns {Step[]}
 */
function testsIn(folder, tests) {
  if (tests.length === 0) return [];
  const what = `${folder}: ${tests.join(" ")}`;
  // To be read only: a result file would be counted as the whole suite's.
  const flags = ["--maxWorkers=2", "--reporter=default"];
  return [{ what, folder, command: ["vitest", "run", ...flags, ...tests] }];
}
