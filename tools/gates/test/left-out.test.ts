import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
const suites = ["packages", "apps", "examples"].flatMap((parent) =>
  readdirSync(join(root, parent))
    .map((name) => join(root, parent, name))
    .filter((folder) => existsSync(join(folder, "test/consumers"))),
);
const manifest = (
  folder: string,
): { readonly name: string; readonly scripts: Record<string, string> } =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

it("What `pnpm test` leaves out is said, suite by suite, with the way to run it", () => {
  expect(manifest(root).scripts.test).toMatch(/&& node tools\/gates\/left-out\.js$/);
  const told = execFileSync(process.execPath, [join(root, "tools/gates/left-out.js")], {
    encoding: "utf8",
  });
  expect(told).toContain(".ci/system-packages");
  expect(told).toContain("test:consumers");
  for (const suite of suites)
    expect(told).toMatch(new RegExp(`  ${manifest(suite).name}: \\d+ files? in test/consumers\n`));
});

it("`.ci/run` installs what they need, and runs every one of them", () => {
  const run = readFileSync(join(root, ".ci/run"), "utf8");
  const [installs, runs] = ['step "system packages"', "pnpm test:consumers"].map((step) =>
    run.indexOf(step),
  );
  expect(installs).toBeGreaterThan(-1);
  expect(runs).toBeGreaterThan(installs as number);
  expect(manifest(root).scripts["test:consumers"]).toBe("turbo run test:consumers");
  for (const suite of suites)
    expect(manifest(suite).scripts["test:consumers"], suite).toMatch(
      /^vitest run --config (\.\.\/\.\.\/)?vitest\.consumers\.ts$/,
    );
  const needed = readFileSync(join(root, ".ci/system-packages"), "utf8");
  expect(needed).toMatch(/^redis-server\b/m);
});
