/** The smoke suite of the core, and all packages that run anywhere, from the tarballs in every runtime that is promised. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { inBrowser } from "./browser.ts";
import { everything, saidEverywhere, withoutFiles } from "./everything.ts";
import { bin, node, type User, user } from "./user.ts";

/** The suite names the core as its own tests do; here it is the installed one. */
const smoke = readFileSync(new URL("../../../core/test/smoke.ts", import.meta.url), "utf8").replace(
  '"../src/index.ts"',
  '"@astrum/core"',
);

const outcomes = `
  import { everything } from "./everything.js";
  import { smoke } from "./smoke.js";
  export async function outcomes() {
    const said = { everything: await everything() };
    for (const [name, run] of Object.entries(smoke))
      said[name] = await run().then(() => "passed", (error) => String(error.stack ?? error));
    return said;
  }
`;

const threads = `
  import { flow, map, value } from "@astrum/core";
  import { createWorkerPool, workerModule } from "@astrum/worker-threads";
  const math = workerModule(new URL("./math.js", import.meta.url));
  const pool = createWorkerPool({ threads: 2 });
  const squares = map("squares", value([1, 2, 3]), pool.task(math.square));
  const report = await flow("threads", { squares }).run({ runner: pool.runner() });
  await pool.close();
  console.log(JSON.stringify(report.unwrap().squares));
`;

const names = Array.from(smoke.matchAll(/^ {2}"(.+)": async/gm), ([, name]) => name as string);
const passed = Object.fromEntries(names.map((name) => [name, "passed"]));

let app: User;
beforeAll(async () => {
  app = user("runtimes", {
    "package.json": { name: "app", private: true, type: "module" },
    "smoke.ts": smoke,
    "everything.js": everything,
    "outcomes.js": outcomes,
    "main.js": `
      import { outcomes } from "./outcomes.js";
      console.log(JSON.stringify(await outcomes()));`,
    "page.js": `
      import { outcomes } from "./outcomes.js";
      globalThis.outcomes = outcomes();`,
    "threads.js": threads,
    "math.js": "export function square(n) { return n * n; }",
  });
  const esbuild = bin("esbuild", "bin/esbuild");
  await app.run(esbuild, ["smoke.ts", "--outfile=smoke.js"]);
  await app.run(esbuild, ["page.js", "--bundle", "--format=iife", "--outfile=page.iife.js"]);
});

test("The suite is all there", () => {
  expect(names.length).toBeGreaterThanOrEqual(7);
  expect(smoke).toContain('from "@astrum/core"');
});

const servers: readonly (readonly [name: string, program: string, args: readonly string[]])[] = [
  ...(["20.19", "22", "24", "26"] as const).map(
    (line) => [`Node ${line}`, node(line), []] as const,
  ),
  ["Deno", bin("deno", "deno"), ["run", "--allow-all", "--quiet"]],
  ["Bun", bin("bun", "bin/bun.exe"), []],
];

describe.each(servers)("In %s", (_, program, args) => {
  test("everything runs", async () => {
    const { stdout } = await app.run(program, [...args, "main.js"]);
    const { everything, ...suite } = JSON.parse(stdout);
    expect(suite).toEqual(passed);
    expect(everything).toMatchObject(saidEverywhere);
  });

  test("threads run", async () => {
    const { stdout } = await app.run(program, [...args, "threads.js"]);
    expect(stdout).toBe("[1,4,9]\n");
  });
});

describe.each(["chromium", "firefox"] as const)("In %s, from a page", (browser) => {
  test("everything runs, and what needs files says so", async () => {
    const page = await inBrowser(browser, app.path("page.iife.js"));
    const { everything, ...suite } = page.outcomes;
    expect(suite).toEqual(passed);
    expect(everything).toEqual({ ...saidEverywhere, files: withoutFiles });
    expect(page.complaints).toEqual([]);
  });
});
