/**
 * The arrows of the monorepo, as rules for dependency-cruiser: which file may import which. `pnpm arrows` reads it.
 *
 * It looks at resolved files, not at what is written between the quotes, so no spelling of a path escapes it.
 * It does not look at globals: what the run machine may name is `pure-machine.grit` and the overrides in biome.json.
 */

/**
 * The files of `packages/core/src`, left to right. A file imports from its own zone and from the zones above it, and
 * that goes for types too: a type that two sides need belongs to the left one. A new file must be given its place
 * here; one without a place is reported.
 *
 * @type {readonly { readonly zone: string, readonly files: readonly string[] }[]}
 */
export const coreZones = [
  { zone: "ground", files: ["errors", "check", "encode", "version"] },
  { zone: "task", files: ["task", "retry"] },
  { zone: "graph", files: ["graph"] },
  { zone: "plan", files: ["plan"] },
  { zone: "event", files: ["event"] },
  { zone: "run", files: ["ledger", "attempts", "ready-queue", "run", "run-stages"] },
  {
    zone: "report",
    files: [
      "reasons",
      "outcome",
      "fingerprint",
      "statistics",
      "task-row",
      "stage-row",
      "analysis",
      "report",
      "journal",
      "resume",
    ],
  },
  {
    zone: "driver",
    files: [
      "clock",
      "async-context",
      "semaphore",
      "inputs",
      "surroundings",
      "observe",
      "runner",
      "attempt",
      "observation",
      "run-options",
    ],
  },
  { zone: "execute", files: ["execute"] },
  { zone: "doors", files: ["plan-failure", "launch", "replay", "flow", "scheduler"] },
  { zone: "index", files: ["index"] },
];

/** The entry "./testing": it may import all of the core, and no production source may import it. */
const testingEntry = "testing";

/** Files that speak events and commands. Everyone else is handed statuses, statistics and reports. */
export const eventReaders = [
  "ledger",
  "attempts",
  "run",
  "run-stages",
  "report",
  "replay",
  "execute",
];

/** @param {readonly string[]} files */
const coreFiles = (files) => `^packages/core/src/(${files.join("|")})\\.ts$`;

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const leftwards = coreZones.slice(0, -1).map(({ zone, files }, place) => ({
  name: `core-${zone}-imports-leftwards`,
  comment: `${zone} stands left of what it imports here: see coreZones in tools/gates/arrows.config.js.`,
  severity: "error",
  from: { path: coreFiles(files) },
  to: { path: coreFiles(coreZones.slice(place + 1).flatMap((right) => right.files)) },
}));

const rightOfEvent = coreZones
  .slice(coreZones.findIndex(({ zone }) => zone === "event") + 1)
  .flatMap(({ files }) => files);

const placed = [...coreZones.flatMap(({ files }) => files), testingEntry];

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...leftwards,
    {
      name: "core-file-has-a-place",
      comment: "Give the file its place in coreZones, in tools/gates/arrows.config.js.",
      severity: "error",
      from: {},
      to: { path: "^packages/core/src/", pathNot: coreFiles(placed) },
    },
    {
      name: "core-event-has-few-readers",
      comment: "Only the machine, its driver and what reads its log handle events and commands.",
      severity: "error",
      from: {
        path: coreFiles(rightOfEvent),
        pathNot: coreFiles([...eventReaders, "index"]),
      },
      to: { path: coreFiles(["event"]), dependencyTypesNot: ["type-only"] },
    },
    {
      name: "core-imports-nothing",
      comment: "The core runs wherever JavaScript does: it imports no package and no node:*.",
      severity: "error",
      from: { path: "^packages/core/src/" },
      to: { pathNot: "^packages/core/" },
    },
    {
      name: "adapter-imports-no-adapter",
      comment:
        "An adapter is one file's job over the core; two that need each other meet in an app.",
      severity: "error",
      from: { path: "^packages/(?!core/|conformance/)([^/]+)/src/" },
      to: { path: "^(packages/|@astrum/)(?!core(/|$)|conformance(/|$))", pathNot: "^packages/$1/" },
    },
    {
      name: "package-reached-by-its-name",
      comment:
        "Another package is imported by its name, through its door, never by a path into it.",
      severity: "error",
      from: { path: "^((packages|apps|tools)/[^/]+|bench)/" },
      to: { path: "^(packages/[^/]+|bench)/", pathNot: "^$1/", dependencyTypes: ["local"] },
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
        pathNot: [coreFiles([testingEntry]), "^packages/conformance/"],
      },
      to: {
        path: [
          "(^|/)test/",
          "\\.test(-d)?\\.[jt]s$",
          coreFiles([testingEntry]),
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
    tsPreCompilationDeps: "specify",
    detectProcessBuiltinModuleCalls: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@astrum/source", "import", "node", "default"],
      extensions: [".ts", ".js"],
    },
  },
};
