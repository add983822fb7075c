/** `import` and `require` in Node: one package, whichever of them loads it, and what happens where there are two. */
import { beforeAll, describe, expect, test } from "vitest";
import { node, type User, user } from "./user.ts";

const entries = [
  "@astrum/core",
  "@astrum/core/testing",
  "@astrum/core/whatif",
  "@astrum/otel",
  "@astrum/otel/worker",
  "@astrum/prometheus",
  "@astrum/reporters",
  "@astrum/reporters/terminal",
  "@astrum/worker-threads",
];

/** Which entries are other objects by `require` than by `import`. */
const compare = `
  import { createRequire } from "node:module";
  const require = createRequire(import.meta.url);
  const twice = [];
  for (const entry of ${JSON.stringify(entries)}) {
    const imported = await import(entry);
    const required = require(entry);
    for (const name of Object.keys(imported)) {
      if (imported[name] !== required[name]) twice.push(entry + " " + name);
    }
    if (Object.keys(imported).length === 0) twice.push(entry + " has nothing");
  }
  console.log(JSON.stringify(twice));
`;

const both = `
  import { createRequire } from "node:module";
  import * as esm from "@astrum/core";
  import { testRun } from "@astrum/core/testing";
  const cjs = createRequire(import.meta.url)("@astrum/core");
  const said = [];
  const hear = async (say) => { try { await say(); said.push("taken"); } catch (error) { said.push(error.message); } };
  const foreign = cjs.task("load", () => 1);
  await hear(() => esm.flow("f", { foreign }));
  await hear(() => esm.task("sum", { foreign }, () => 2));
  await hear(() => esm.optional(foreign));
  const flow = esm.flow("f", { own: esm.task("own", () => 1, { resources: { db: 1 } }) });
  await hear(() => flow.run({ concurrency: new cjs.Semaphore(1) }));
  await hear(() => flow.run({ resources: { db: new cjs.RateLimit({ limit: 1, perMs: 1000 }) } }));
  await hear(() => testRun(cjs.flow("f", { foreign })));
  console.log(JSON.stringify(said));
`;

const commonJs = `
  const core = require("@astrum/core");
  const { testRun, VirtualClock } = require("@astrum/core/testing");
  const { otelObserver } = require("@astrum/otel");
  const { renderText, renderHtml } = require("@astrum/reporters");
  const { printSummary } = require("@astrum/reporters/terminal");
  const { prometheusObserver } = require("@astrum/prometheus");
  const client = require("prom-client");
  require("@astrum/otel/register");
  (async () => {
    const list = core.task("list", async () => [1, 2, 3]);
    const sum = core.task("sum", { list }, ({ list }) => list.reduce((a, b) => a + b));
    
    const observers = [otelObserver(), prometheusObserver({ client })];
    const flow = core.flow("nightly", { sum });
    const report = await flow.run({ observers });
    const stubbed = await testRun(flow, { stubs: { list: [5] } });
    const slow = core.flow("slow", { a: core.task("a", () => { throw 1; }, { retry: { attempts: 1, backoff: "fixed", baseMs: 20_000 } }) });
    const clock = new VirtualClock();
    const late = await clock.run(slow.run({ clock }));
    printSummary(report, { stream: process.stderr });
    console.log(JSON.stringify([
      report.unwrap().sum, stubbed.unwrap().sum, late.executionDurationMs === 20_000, renderText(report).includes("sum"),
      renderHtml(report).startsWith("<!doctype html>"), (await client.register.metrics()).includes("astrum_"),
    ]));
  })();
`;

let app: User;
beforeAll(() => {
  app = user("one-instance", {
    "compare.mjs": compare,
    "both.mjs": both,
    "common.cjs": commonJs,
  });
});

describe.each(["20.19", "22", "24", "26"] as const)("In Node %s", (line) => {
  test("what is required is what is imported", async () => {
    const { stdout, stderr } = await app.run(node(line), ["compare.mjs"]);
    expect(JSON.parse(stdout)).toEqual([]);
    expect(stderr).toBe("");
  });

  test("a program in CommonJS uses every package", async () => {
    const { stdout } = await app.run(node(line), ["common.cjs"]);
    expect(JSON.parse(stdout)).toEqual([6, 5, true, true, true, true]);
  });
});

describe("Where require() cannot load ES modules", () => {
  const without = "--no-experimental-require-module";

  test("a program in CommonJS has a build of its own", async () => {
    const { stdout } = await app.run(node("20.19"), [without, "common.cjs"]);
    expect(JSON.parse(stdout)).toEqual([6, 5, true, true, true, true]);
  });

  test("what the other instance made is refused in one sentence that says so", async () => {
    const { stdout } = await app.run(node("20.19"), [without, "both.mjs"]);
    const said = JSON.parse(stdout) as string[];
    expect(said).toHaveLength(6);
    for (const sentence of said)
      expect(sentence).toMatch(
        /of another copy of @astrum\/core \(version .+, this one is .+\): see to it that one is loaded: /,
      );
  });
});
