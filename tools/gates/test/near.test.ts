import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { stepsNear } from "../near-steps.js";
import { testsNear } from "../near-tests.js";

const root = mkdtempSync(join(tmpdir(), "astrum-near-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const imports = (...paths: string[]) => paths.map((path) => `import "${path}";\n`).join("");
const files: Readonly<Record<string, string>> = {
  "packages/a/package.json": JSON.stringify({
    exports: { ".": { "@astrum/source": "./src/index.ts" }, "./second": "./src/second.ts" },
  }),
  "packages/a/src/index.ts": imports("./engine/start.ts", "./alone.ts", "./far.ts", "./middle.ts"),
  "packages/a/src/second.ts": imports("./alone.ts"),
  "packages/a/src/engine/start.ts": "",
  "packages/a/src/engine/deep/valve.ts": "",
  "packages/a/src/wheels/hub.ts": "",
  "packages/a/src/alone.ts": "",
  "packages/a/src/middle.ts": imports("./far.ts"),
  "packages/a/src/far.ts": "",
  "packages/a/src/named.ts": "",
  "packages/a/README.md": "",
  "packages/a/test/engine/starting.test.ts": imports("../../src/index.ts"),
  "packages/a/test/engine/stopping.test.ts": imports("../helper.ts"),
  "packages/a/test/whole/all-day.test.ts": imports("../../src/alone.ts"),
  "packages/a/test/consumers/browser.test.ts": imports("../../src/alone.ts"),
  "packages/a/test/helper.ts": imports("../src/middle.ts"),
  "packages/a/test/smoke.test.ts": imports("../src/index.ts"),
  "packages/a/test/driving.test.ts": imports("./helper.ts", "../src/index.ts"),
  "packages/a/test/hub.test.ts": imports("../src/wheels/hub.ts"),
  "packages/a/test/named.test.ts": imports("../src/second.ts"),
  "packages/a/test/readme.test.ts":
    'read(new URL("../README.md", import.meta.url)); read("../src/middle.ts");\n',
  "packages/a/test/types.test-d.ts": "",
  "tools/b/package.json": "{}",
  "tools/b/check.js": "",
  "tools/b/test/check.test.ts": imports("../check.js"),
  "tools/loose.js": "",
  "docs/page.md": "",
};
for (const [path, text] of Object.entries(files)) {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const top = ["driving", "hub", "named", "readme"];
describe("Near a file are,", () => {
  test.each([
    ["for a test, itself", "test/hub.test.ts", ["hub"]],
    [
      "for a folder of src, its folder of test",
      "src/engine/start.ts",
      ["engine/starting", "engine/stopping"],
    ],
    [
      "and for what lies deeper in it",
      "src/engine/deep/valve.ts",
      ["engine/starting", "engine/stopping"],
    ],
    ["without such a folder, who imports it", "src/wheels/hub.ts", ["hub"]],
    ["over as few imports as there are, through helpers too", "src/far.ts", ["driving"]],
    ["who has its name", "src/named.ts", ["named"]],
    ["who reads it, and who imports it", "src/middle.ts", ["driving", "readme"]],
    ["who reads it, when it is no source", "README.md", ["readme"]],
    ["for a door, who comes in by it", "src/second.ts", ["named"]],
    ["all at the top, when all come in by a door", "src/alone.ts", top],
    ["for a helper, who uses it", "test/helper.ts", ["driving"]],
  ])("%s", (_, file, expected) => {
    expect(testsNear(root, `packages/a/${file}`)).toEqual({
      workspace: "packages/a",
      tests: [...expected, "smoke"].map((name) => `test/${name}.test.ts`).sort(),
    });
  });

  test("without a smoke test, only those", () => {
    const tests = ["test/check.test.ts"];
    expect(testsNear(root, "tools/b/check.js")).toEqual({ workspace: "tools/b", tests });
  });

  test.each([
    ["packages/a/src/gone.ts", 'There is no file "packages/a/src/gone.ts"'],
    ["packages/a/src", 'There is no file "packages/a/src"'],
    ["tools/loose.js", '"tools/loose.js" is in no package'],
    ["docs/page.md", '"docs/page.md" is in no package'],
  ])("none for %s, which is said", (file, problem) => {
    expect(() => testsNear(root, file)).toThrow(problem);
  });
});

describe("In this repository,", () => {
  const here = join(import.meta.dirname, "../../..");

  test("every source has a test near it", () => {
    const sources = ["packages", "apps"].flatMap((parent) =>
      readdirSync(join(here, parent)).flatMap((name) => {
        const src = join(here, parent, name, "src");
        const inside = existsSync(src) ? readdirSync(src, { recursive: true }) : [];
        return inside.map((path) => `${parent}/${name}/src/${path}`);
      }),
    );
    const files = sources.filter((path) => /\.[jt]s$/.test(path));
    expect(files.length).toBeGreaterThan(200);
    const alone = files.filter((file) => {
      const { tests } = testsNear(here, file);
      return tests.filter((name) => name !== "test/smoke.test.ts").length === 0;
    });
    expect(alone).toEqual([]);
  });

  test("types, arrows and tests are three lines of work, one for all files", () => {
    const files = [
      "packages/core/test/drive/map.test.ts",
      "packages/core/test/machine/retry.test.ts",
    ];
    const [types = [], arrows = [], tests = []] = stepsNear(here, files);
    expect(types.map(({ folder, command }) => [folder, command[0]])).toEqual([
      ["packages/core", "tsc"],
    ]);
    expect(arrows.map(({ folder, command }) => [folder, command[0]])).toEqual([[".", "depcruise"]]);
    expect(tests.map(({ folder, command }) => [folder, ...command.slice(4)])).toEqual([
      [
        "packages/core",
        "test/drive/map.test.ts",
        "test/smoke.test.ts",
        "test/machine/retry.test.ts",
      ],
    ]);
  });

  test("a package whose types are checked twice has both checked", () => {
    const [types = []] = stepsNear(here, ["packages/worker-threads/src/pool.ts"]);
    expect(types.map(({ command }) => command.slice(0, 3).join(" "))).toEqual([
      "tsc -p tsconfig.javascript.json",
      "tsc -p tsconfig.json",
    ]);
  });

  test.each([
    [[], "near: Name a file, or several: pnpm near <file>…\n"],
    [["gone.ts"], 'near: There is no file "gone.ts"\n'],
  ])("`pnpm near` with %j starts nothing", (args, told) => {
    const near = [join(here, "tools/gates/near.js"), ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, near, {
      cwd: here,
      env: { ...process.env, INIT_CWD: here },
      encoding: "utf8",
    });
    expect({ status, stdout, stderr }).toEqual({ status: 64, stdout: "", stderr: told });
  });
});
