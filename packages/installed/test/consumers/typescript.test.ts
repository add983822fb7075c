/** Each version of TypeScript that is promised, with the settings people have, and none of the checks left out. */
import { describe, expect, inject, test } from "vitest";
import { bin, user } from "./user.ts";

/** The public face of every package, in use: an error here is one in a user's program or in our declarations. */
const program = (file: File): string => `
  import { DynamicScheduler, flow, map, optional, param, pick, settled, task, value, type Task } from "@astrum/core";
  import { testRun, VirtualClock } from "@astrum/core/testing";
  import { otelObserver } from "@astrum/otel";
  import "@astrum/otel/register";
  import activator from "@astrum/otel/worker";
  import { prometheusObserver } from "@astrum/prometheus";
  import { renderHtml, renderText, readEventLog, reporters } from "@astrum/reporters";
  import { printSummary, progress } from "@astrum/reporters/terminal";
  ${file === "main.mts" ? 'import { createWorkerPool, workerModule } from "@astrum/worker-threads";' : ""}

  const day = param<string>("day");
  const list: Task<number[]> = task("list", { day }, async ({ day }) => [day.length]);
  const doubled = map("doubled", list, async (item) => item * 2, { concurrency: 2 });
  const first = task("first", { one: pick(doubled, 0), all: settled(doubled), two: value(2) }, ({ one, two }) => one + two);
  const nightly = flow("nightly", { first, maybe: task("maybe", { list: optional(list) }, ({ list }) => list?.length) });
  export async function main(): Promise<number> {
    const observers = [otelObserver(), progress()];
    const report = await nightly.run({ params: { day: "mon" }, observers, clock: new VirtualClock() });
    printSummary(report);
    renderText(report); renderHtml(report);
    for (const { render } of Object.values(reporters)) render(readEventLog("{}"));
    // @ts-expect-error: its value is a number
    const wrong: string = report.unwrap().first;
    await testRun(nightly, { params: { day: wrong } });
    const scheduler = new DynamicScheduler([["a", () => 1]], [{ taskName: "a" }]);
    await scheduler.execute();
    void prometheusObserver; void activator;
    return report.unwrap().first;
  }
  ${
    file === "main.mts"
      ? `
  interface Images { resize(input: { readonly width: number }): Promise<Uint8Array> }
  const images = workerModule<Images>("file:///images.js");
  const pool = createWorkerPool({ threads: 2 });
  export const thumb: Task<Uint8Array> = task("thumb", { width: value(3) }, pool.task(images.resize));`
      : ""
  }
`;

const strict = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
};
const node = { target: "es2022", lib: ["es2022"], types: ["node"] };

type File = "main.mts" | "main.cts";
interface Settings {
  readonly files: readonly File[];
  readonly options: object;
}

/** `main.cts` has no thread pool: that is an ES module, which TypeScript lets `require()` load from 5.8 on. */
const nodenext: Settings = {
  files: ["main.mts", "main.cts"],
  options: { ...strict, ...node, module: "nodenext" },
};
const bundler: Settings = {
  files: ["main.mts"],
  options: {
    ...strict,
    target: "es2022",
    lib: ["es2022", "dom"],
    types: ["node"],
    module: "esnext",
    moduleResolution: "bundler",
  },
};
const node10: Settings = {
  files: ["main.cts"],
  options: {
    ...strict,
    ...node,
    module: "commonjs",
    moduleResolution: "node10",
    esModuleInterop: true,
  },
};

/** The first, the last of 5, and all that came since with all that they know; those between as Node has it. */
const matrix: readonly (readonly [line: string, name: string, settings: Settings])[] = [
  ...["5.4", "5.5", "5.6", "5.7", "5.8", "5.9", "6.0", "7.0"].map(
    (line) => [line, "nodenext, from ES modules and from CommonJS", nodenext] as const,
  ),
  ...["5.4", "5.9", "6.0", "7.0"].map(
    (line) => [line, "a bundler's resolution, with the types of the DOM", bundler] as const,
  ),
  // 7 has no old resolution.
  ...["5.4", "5.9", "6.0"].map(
    (line) => [line, "CommonJS, with the old resolution", node10] as const,
  ),
];

/** What is an error in that version unless it is asked for. */
const deprecated: Readonly<Record<string, object>> = { "6.0": { ignoreDeprecations: "6.0" } };

const compiler = (line: string): string =>
  bin(line === "5.9" ? "typescript" : `typescript-${line}`, "bin/tsc");

describe("A strict program compiles, our declarations included", () => {
  test.each(matrix)("TypeScript %s: %s", async (line, name, { files, options }) => {
    const app = user(`typescript-${line}-${name.replace(/\W+/g, "-")}`, {
      "tsconfig.json": { compilerOptions: { ...options, ...deprecated[line] }, files },
      "main.mts": program("main.mts"),
      "main.cts": program("main.cts"),
    });
    const { stdout } = await app.run(process.execPath, [compiler(line), "--pretty", "false"]);
    expect(stdout).toBe("");
  });
});

test("The matrix goes up to the newest version that was there when the toolbox was written", () => {
  const inToolbox = Object.entries(inject("versions"))
    .filter(([name]) => /^typescript(-\d|$)/.test(name))
    .map(([, version]) => version.split(".").slice(0, 2).join("."));
  expect(inToolbox.sort()).toEqual([...new Set(matrix.map(([line]) => line))]);
});

describe("What a program needs", () => {
  const browser = {
    ...strict,
    target: "es2022",
    module: "esnext",
    moduleResolution: "bundler",
    types: [],
  };
  const core = `
    import { flow, task } from "@astrum/core";
    export const report = flow("f", { a: task("a", (_, { signal }) => signal.aborted) }).run();
  `;

  test("is ES2022 and the types of the DOM, without those of Node", async () => {
    const app = user("needs-dom", {
      "tsconfig.json": { compilerOptions: { ...browser, lib: ["es2022", "dom"] } },
      "main.ts": core,
    });
    await app.run(process.execPath, [compiler("5.4"), "-p", "."]);
  });

  test("without either of them, TypeScript says that AbortSignal is missing", async () => {
    const app = user("needs-signal", {
      "tsconfig.json": { compilerOptions: { ...browser, lib: ["es2022"] } },
      "main.ts": core,
    });
    const { stdout } = await app.run(process.execPath, [compiler("5.9"), "-p", "."], {
      mayFail: true,
    });
    expect(stdout).toContain("Cannot find name 'AbortSignal'");
  });
});
