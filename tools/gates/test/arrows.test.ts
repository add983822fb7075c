import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { coreFolders, reporterFolders } from "../arrows.config.js";
import { coreFiles, cutTree, plantTree, reporterFiles, root } from "./planted-tree.ts";
import { byText, importType, importValue, reported, type Violation } from "./reported-arrows.ts";

interface Arrow {
  readonly from: string;
  readonly imports: string;
  /** Where that leads; needed where it is not a path beside `from`. */
  readonly to?: string;
}

interface Fault extends Arrow {
  readonly rule: string;
}

const core = (file: string): string => `packages/core/src/${file}.ts`;
const destination = ({ imports, to }: Arrow): string => to ?? core(imports.slice(2, -3));
const reporter = (file: string): string => `packages/reporters/src/${file}.ts`;
const within = (files: readonly string[], folder: string): string[] =>
  files.filter((file) => file.startsWith(`${folder}/`));
const filesIn = (folder: string): string[] => within(coreFiles, folder);
const reportersIn = (folder: string): string[] => within(reporterFiles, folder);
const speaksEvents = (file: string): boolean =>
  /^(machine|drive|whatif)\/|^doors\/replay$|^(testing|whatif)$/.test(file);

/** From every file of a folder to one file of each folder after it. */
const againstTheOrder = coreFolders.flatMap((folder, place) =>
  filesIn(folder).flatMap((file) =>
    [...coreFolders.slice(place + 1).map((later) => filesIn(later).at(-1) as string), "index"].map(
      (later): Fault => ({
        rule: `core-${folder}-imports-no-later-folder`,
        from: core(file),
        imports: `../${later}.ts`,
        to: core(later),
      }),
    ),
  ),
);

const eventsInTheWrongHands = coreFiles
  .filter((file) => !speaksEvents(file) && !/^(ground|define)\//.test(file))
  .map(
    (file): Fault => ({
      rule: "core-event-has-few-readers",
      from: core(file),
      imports: "../machine/event.ts",
      to: core("machine/event"),
    }),
  );

const againstTheReporters = reporterFolders.flatMap((folder, place) =>
  reportersIn(folder).flatMap((file) =>
    [
      ...reporterFolders.slice(place + 1).map((later) => reportersIn(later).at(-1) as string),
      ...(folder === "command" ? [] : ["reporter-table"]),
      "index",
      "astrum-report",
    ].map(
      (later): Fault => ({
        rule: `reporters-${folder}-imports-no-later-folder`,
        from: reporter(file),
        imports: `../${later}.ts`,
        to: reporter(later),
      }),
    ),
  ),
);

const page = "packages/reporters/page/main.ts";
const otel = "packages/otel/src/index.ts";
const prometheus = "packages/prometheus/src/index.ts";
const crossing = "packages/crossing/src/index.ts";
const options = "packages/options/src/index.ts";
const audit = "apps/audit/src/main.ts";

const otherFaults: readonly Fault[] = [
  {
    rule: "core-file-has-a-folder",
    from: core("index"),
    imports: "./newcomer.ts",
  },
  {
    rule: "core-file-has-a-folder",
    from: core("doors/flow"),
    imports: "../shared/newcomer.ts",
    to: core("shared/newcomer"),
  },
  {
    rule: "reporters-file-has-a-folder",
    from: reporter("index"),
    imports: "./newcomer.ts",
    to: reporter("newcomer"),
  },
  {
    rule: "reporters-file-has-a-folder",
    from: reporter("writing/csv"),
    imports: "../shared/newcomer.ts",
    to: reporter("shared/newcomer"),
  },
  {
    rule: "reporters-command-has-one-door",
    from: reporter("reporter-table"),
    imports: "./command/help.ts",
    to: reporter("command/help"),
  },
  {
    rule: "reporters-page-knows-wording-and-html",
    from: page,
    imports: "../src/terminal/live.ts",
    to: reporter("terminal/live"),
  },
  {
    rule: "reporters-source-imports-no-page",
    from: reporter("html/render-html"),
    imports: "../../page/main.ts",
    to: page,
  },
  {
    rule: "core-imports-nothing",
    from: core("contract/clock"),
    imports: "node:timers",
    to: "timers",
  },
  { rule: "core-imports-nothing", from: core("drive/call"), imports: "events", to: "events" },
  { rule: "core-imports-nothing", from: core("report/report"), imports: "missing", to: "missing" },
  {
    rule: "core-imports-nothing",
    from: core("define/graph"),
    imports: "installed",
    to: "node_modules/installed/dist/index.js",
  },
  {
    rule: "core-imports-nothing",
    from: core("drive/execute"),
    imports: "@astrum/otel",
    to: "@astrum/otel",
  },
  { rule: "adapter-imports-no-adapter", from: otel, imports: "@astrum/prometheus", to: prometheus },
  {
    rule: "adapter-imports-no-adapter",
    from: "packages/bullmq/src/index.ts",
    imports: "@astrum/otel",
    to: "@astrum/otel",
  },
  {
    rule: "command-loads-its-peers-when-asked",
    from: "packages/bullmq/src/astrum-worker.ts",
    imports: "@astrum/otel",
    to: "@astrum/otel",
  },
  {
    rule: "adapter-imports-no-adapter",
    from: prometheus,
    imports: "@astrum/otel",
    to: "@astrum/otel",
  },
  {
    rule: "package-reached-by-its-name",
    from: otel,
    imports: "../../crossing/src/index.ts",
    to: crossing,
  },
  {
    rule: "private-part-imports-nothing",
    from: crossing,
    imports: "@astrum/core",
    to: core("index"),
  },
  {
    rule: "private-part-imports-nothing",
    from: crossing,
    imports: "installed",
    to: "node_modules/installed/dist/index.js",
  },
  { rule: "private-part-imports-nothing", from: crossing, imports: "missing", to: "missing" },
  {
    rule: "private-part-imports-nothing",
    from: options,
    imports: "@astrum/crossing",
    to: crossing,
  },
  {
    rule: "core-imports-nothing",
    from: core("define/plan"),
    imports: "@astrum/crossing",
    to: "@astrum/crossing",
  },
  {
    rule: "package-reached-by-its-name",
    from: otel,
    imports: "../../core/dist/index.js",
    to: "packages/core/dist/index.js",
  },
  {
    rule: "package-reached-by-its-name",
    from: otel,
    imports: "../../core/src/machine/run.ts",
    to: core("machine/run"),
  },
  {
    rule: "package-reached-by-its-name",
    from: audit,
    imports: "../../../packages/core/src/define/graph.ts",
    to: core("define/graph"),
  },
  {
    rule: "nothing-imports-an-app",
    from: otel,
    imports: "../../../apps/audit/src/main.ts",
    to: audit,
  },
  {
    rule: "nothing-imports-an-app",
    from: "bench/src/main.ts",
    imports: "../../apps/audit/src/main.ts",
    to: audit,
  },
  {
    rule: "nothing-imports-an-app",
    from: "apps/other/src/main.ts",
    imports: "../../audit/src/main.ts",
    to: audit,
  },
  {
    rule: "production-imports-no-test",
    from: core("doors/scheduler"),
    imports: "../testing.ts",
    to: core("testing"),
  },
  {
    rule: "production-imports-no-test",
    from: audit,
    imports: "@astrum/core/testing",
    to: core("testing"),
  },
  {
    rule: "production-imports-no-test",
    from: otel,
    imports: "@astrum/conformance",
    to: "packages/conformance/src/index.ts",
  },
  {
    rule: "production-imports-no-test",
    from: prometheus,
    imports: "../test/it.test.ts",
    to: "packages/prometheus/test/it.test.ts",
  },
  { rule: "production-imports-no-test", from: otel, imports: "vitest", to: "vitest" },
];

const allowed: readonly Arrow[] = [
  ...coreFolders.flatMap((folder, place) =>
    filesIn(folder).flatMap((file) =>
      coreFolders
        .slice(0, place + 1)
        .flatMap(filesIn)
        // Within a folder one way: both would be a circle.
        .filter((earlier) => !earlier.startsWith(`${folder}/`) || earlier < file)
        .filter((earlier) => earlier !== "machine/event" || speaksEvents(file))
        .map(
          (earlier): Arrow => ({
            from: core(file),
            imports: `../${earlier}.ts`,
            to: core(earlier),
          }),
        ),
    ),
  ),
  ...reporterFolders.flatMap((folder, place) =>
    reportersIn(folder).flatMap((file) =>
      reporterFolders
        .slice(0, place + 1)
        .flatMap(reportersIn)
        .filter((earlier) => !earlier.startsWith(`${folder}/`) || earlier < file)
        .map(
          (earlier): Arrow => ({
            from: reporter(file),
            imports: `../${earlier}.ts`,
            to: reporter(earlier),
          }),
        ),
    ),
  ),
  ...[...reporterFiles.filter((file) => !file.startsWith("command/")), "reporter-table"].map(
    (file): Arrow => ({ from: reporter("index"), imports: `./${file}.ts` }),
  ),
  ...reportersIn("command").flatMap((file): Arrow[] => [
    { from: reporter("astrum-report"), imports: `./${file}.ts` },
    { from: reporter(file), imports: "../reporter-table.ts", to: reporter("reporter-table") },
  ]),
  { from: page, imports: "../src/wording/duration.ts" },
  { from: page, imports: "../src/html/page-data.ts" },
  { from: core("testing"), imports: "./machine/run.ts" },
  { from: core("testing"), imports: "./machine/event.ts" },
  { from: otel, imports: "@astrum/core" },
  { from: otel, imports: "installed" },
  { from: otel, imports: "node:fs" },
  { from: otel, imports: "@opentelemetry/api" },
  { from: otel, imports: "@astrum/crossing" },
  { from: prometheus, imports: "@astrum/crossing" },
  { from: otel, imports: "@astrum/options" },
  { from: crossing, imports: "node:util" },
  { from: audit, imports: "@astrum/core" },
  { from: audit, imports: "@astrum/prometheus" },
  { from: "bench/src/main.ts", imports: "@astrum/core" },
  { from: "packages/conformance/src/index.ts", imports: "@astrum/core/testing" },
  { from: "packages/conformance/src/index.ts", imports: "vitest" },
  { from: "packages/otel/test/it.test.ts", imports: "@astrum/conformance" },
  { from: "packages/otel/test/it.test.ts", imports: "../src/index.ts" },
];

describe("The arrows between files", () => {
  it("are those that ARCHITECTURE.md shows", () => {
    const folders = readFileSync(join(root, "ARCHITECTURE.md"), "utf8")
      .split("\n## ")
      .filter((section) => section.startsWith("The arrows"))
      .flatMap((section) => [...section.matchAll(/^\| `(\w+)` \|/gm)])
      .map(([, folder]) => folder);
    expect(folders).toEqual(coreFolders);
  });

  it("are, for the folders of the reporters, those that their README shows", () => {
    const [, inside = ""] = readFileSync(join(root, "packages/reporters/README.md"), "utf8").split(
      "\n## Inside\n",
    );
    const folders = [...inside.matchAll(/^\| `(\w+)` \|/gm)].map(([, folder]) => folder);
    expect(folders).toEqual(reporterFolders);
  });

  it("let through every import that follows them", () => {
    expect(reportedFor(allowed, importValue)).toEqual([]);
  }, 300_000);

  describe.each([
    ["value", importValue, [...againstTheOrder, ...againstTheReporters, ...otherFaults]],
    ["type", importType, [...againstTheOrder, ...againstTheReporters, ...otherFaults]],
    // In a tree of their own: with those above they would be circles.
    ["value of the events", importValue, eventsInTheWrongHands],
    ["type of the events", importType, eventsInTheWrongHands],
  ])("against which a %s was imported", (_, statement, faults) => {
    const found = reportedFor(faults, statement);

    it.each([...new Set(faults.map(({ rule }) => rule))])(
      "are reported by %s, and by no other rule",
      (rule) => {
        const planted = faults.filter((fault) => fault.rule === rule);
        expect(found.filter((violation) => violation.rule === rule)).toEqual(
          planted.map(violation).sort(byText),
        );
      },
    );

    it("are reported nowhere else", () => {
      expect(found).toEqual(faults.map(violation).sort(byText));
    });
  });
});

function violation(fault: Fault): Violation {
  return { rule: fault.rule, arrow: `${fault.from} → ${destination(fault)}` };
}

function reportedFor(
  arrows: readonly Arrow[],
  statement: (from: string, name: string) => string,
): Violation[] {
  const files: Record<string, string> = {
    [core("newcomer")]: "export const value = 0;\n",
    [core("shared/newcomer")]: "export const value = 0;\n",
    [reporter("newcomer")]: "export const value = 0;\n",
    [reporter("shared/newcomer")]: "export const value = 0;\n",
  };
  for (const [index, { from, imports }] of arrows.entries())
    files[from] = (files[from] ?? "export const value = 0;\n") + statement(imports, `name${index}`);
  const tree = plantTree(files);
  try {
    return reported(tree);
  } finally {
    cutTree(tree);
  }
}
