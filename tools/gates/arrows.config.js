/**
 * The arrows of the monorepo, as rules for dependency-cruiser: which file may import which. `pnpm arrows` reads it.
 *
 * It looks at resolved files, not at what is written between the quotes, so no spelling of a path escapes it.
 * It does not look at globals: what the run machine may name is `pure-machine.grit` and the overrides in biome.json.
 */

/**
 * The folders of `packages/core/src`, from a definition to a report. A file imports from its own folder and from those
 * before it, and that goes for types too: a type that two folders need belongs to the earlier one. Beside them stand only
 * the two entries.
 */
export const coreFolders = [
  "ground",
  "define",
  "machine",
  "report",
  "resume",
  "contract",
  "drive",
  "whatif",
  "doors",
  "testing",
];

/** The entry "./testing": it may import all of the core, as its folder may, and no production source may import it. */
const testingEntry = "^packages/core/src/testing\\.ts$";
const coreEntries = "^packages/core/src/(index|testing|whatif)\\.ts$";

/** The command of `@astrum/bullmq`. Nothing imports it, so that what it may load reaches no other file. */
const peerLoader = "^packages/bullmq/src/astrum-worker\\.ts$";

/** @param {readonly string[]} folders */
const inCore = (...folders) => `^packages/core/src/(${folders.join("|")})/`;

/** Who speaks events and commands. Everyone else is handed statuses, statistics and reports. */
const eventReaders = [
  inCore("machine", "drive", "whatif"),
  "^packages/core/src/doors/replay\\.ts$",
];

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const coreArrows = coreFolders.map((folder, place) => ({
  name: `core-${folder}-imports-no-later-folder`,
  comment: `${folder} comes before what it imports here: see coreFolders in tools/gates/arrows.config.js.`,
  severity: "error",
  from: { path: inCore(folder) },
  to: {
    path: [
      ...coreFolders.slice(place + 1).map((later) => inCore(later)),
      "^packages/core/src/index\\.ts$",
    ],
  },
}));

/**
 * The folders of `packages/reporters/src`, as the README of the package shows them: the same order, for types too. Beside
 * them stand the entry and the table of formats.
 */
export const reporterFolders = [
  "wording",
  "reading",
  "asking",
  "layout",
  "writing",
  "resuming",
  "html",
  "terminal",
  "command",
];

const reporterDoors = "^packages/reporters/src/(index|astrum-report)\\.ts$";
const reporterTable = "^packages/reporters/src/reporter-table\\.ts$";

/** @param {readonly string[]} folders */
const inReporters = (...folders) => `^packages/reporters/src/(${folders.join("|")})/`;

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const reporterArrows = reporterFolders.map((folder, place) => ({
  name: `reporters-${folder}-imports-no-later-folder`,
  comment: `${folder} comes before what it imports here: see reporterFolders in tools/gates/arrows.config.js.`,
  severity: "error",
  from: { path: inReporters(folder) },
  to: {
    path: [
      ...reporterFolders.slice(place + 1).map((later) => inReporters(later)),
      reporterDoors,
      // The command writes whatever format it is asked for.
      ...(folder === "command" ? [] : [reporterTable]),
    ],
  },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...coreArrows,
    {
      name: "core-file-has-a-folder",
      comment: "Put the file into one of coreFolders, in tools/gates/arrows.config.js.",
      severity: "error",
      from: {},
      to: { path: "^packages/core/src/", pathNot: [inCore(...coreFolders), coreEntries] },
    },
    {
      name: "core-event-has-few-readers",
      comment:
        "Only the machine, its drivers and the replay of its log handle events and commands.",
      severity: "error",
      from: { path: "^packages/core/src/", pathNot: [...eventReaders, coreEntries] },
      to: { path: "^packages/core/src/machine/event\\.ts$" },
    },
    {
      name: "core-imports-nothing",
      comment: "The core runs wherever JavaScript does: it imports no package and no node:*.",
      severity: "error",
      from: { path: "^packages/core/src/" },
      to: { pathNot: "^packages/core/" },
    },
    ...reporterArrows,
    {
      name: "reporters-file-has-a-folder",
      comment: "Put the file into one of reporterFolders, in tools/gates/arrows.config.js.",
      severity: "error",
      from: {},
      to: {
        path: "^packages/reporters/src/",
        pathNot: [inReporters(...reporterFolders), reporterDoors, reporterTable],
      },
    },
    {
      name: "reporters-command-has-one-door",
      comment:
        "The command is a program of Node, and what the package exports works in a browser: only the program imports it.",
      severity: "error",
      from: { path: [reporterTable, "^packages/reporters/src/index\\.ts$"] },
      to: { path: inReporters("command") },
    },
    {
      name: "reporters-page-knows-wording-and-html",
      comment:
        "The page's script runs in a browser: of src it takes the wording and what html hands it.",
      severity: "error",
      from: { path: "^packages/reporters/page/" },
      to: { path: "^packages/reporters/src/", pathNot: inReporters("wording", "html") },
    },
    {
      name: "reporters-source-imports-no-page",
      comment: "The page's scripts come into src as texts, html/*.generated.ts.",
      severity: "error",
      from: { path: "^packages/reporters/src/" },
      to: { path: "^packages/reporters/page/" },
    },
    {
      name: "no-circle",
      comment:
        "Two files that need each other, be it for a type, are one file, or a third holds what both need.",
      severity: "error",
      from: { path: "^((packages|apps)/[^/]+/(src|page)|bench/src)/" },
      to: { circular: true },
    },
    {
      name: "adapter-imports-no-adapter",
      comment:
        "An adapter is one file's job over the core; two that need each other meet in an app. What several of them send " +
        "to another thread or process they judge alike, in packages/crossing, what they are told in packages/options, and the series " +
        "of their metrics in packages/series: all private and part of each one's build.",
      severity: "error",
      from: { path: "^packages/(?!core/|conformance/)([^/]+)/src/", pathNot: peerLoader },
      to: {
        path: "^(packages/|@astrum/)(?!(core|conformance|crossing|options|series)(/|$))",
        pathNot: "^packages/$1/",
      },
    },
    {
      name: "private-part-imports-nothing",
      comment: "It becomes a part of other packages: it imports no package, not even the core.",
      severity: "error",
      from: { path: "^packages/(crossing|options|series)/src/" },
      to: { pathNot: "^packages/$1/", dependencyTypesNot: ["core"] },
    },
    {
      name: "command-loads-its-peers-when-asked",
      comment:
        "The one file that may know another adapter: the worker's command, which loads the optional thread pool when it is told to.",
      severity: "error",
      from: { path: peerLoader },
      to: {
        path: "^(packages/|@astrum/)(?!core(/|$)|crossing(/|$)|options(/|$)|bullmq/)",
        dependencyTypesNot: ["dynamic-import"],
      },
    },
    {
      name: "package-reached-by-its-name",
      comment:
        "Another package is imported by its name, through its door, never by a path into it.",
      severity: "error",
      from: { path: "^((packages|apps|tools|examples)/[^/]+|bench)/" },
      // Random graphs are drawn in one place, and the reporters' tests draw from it as the core's do: no package ships it.
      to: {
        path: "^(packages/[^/]+|bench)/",
        pathNot: ["^$1/", "^packages/core/test/random-(graph|nest)\\.ts$"],
        dependencyTypes: ["local"],
      },
    },
    {
      name: "nothing-imports-an-app",
      comment: "An app is the end of every arrow.",
      severity: "error",
      from: { path: "^(apps/[^/]+|[^/]+)/" },
      to: { path: "^apps/", pathNot: "^$1/" },
    },
    {
      name: "production-imports-no-test",
      comment: "What ships imports no test, no test helper and no testing entry.",
      severity: "error",
      from: {
        path: "^(packages|apps)/[^/]+/src/",
        pathNot: [testingEntry, inCore("testing"), "^packages/conformance/"],
      },
      to: {
        path: [
          "(^|/)test/",
          "\\.test(-d)?\\.[jt]s$",
          testingEntry,
          "^packages/conformance/",
          "^@astrum/(core/testing|conformance)",
          "(^|/)vitest(/|$)",
        ],
      },
    },
  ],
  options: {
    doNotFollow: {
      path: [
        "(^|/)node_modules/",
        "^((packages|apps|tools)/[^/]+|bench)/(dist|coverage|test-results|\\.turbo)/",
        "^(packages|apps)/[^/]+/test/.*fixtures/",
      ],
    },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@astrum/source", "import", "node", "default"],
      extensions: [".ts", ".js"],
    },
  },
};
