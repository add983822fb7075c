/** The command itself, which takes as long as it takes: a part of `pnpm test:slow`. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "../../..");

/** What `pnpm near` says of a file, started in a folder of the repository; without the seconds. */
function near(file: string, folder = ".") {
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, "tools/gates/near.js"), file],
    {
      cwd: join(root, folder),
      env: { ...process.env, INIT_CWD: join(root, folder) },
      encoding: "utf8",
    },
  );
  const lines = stdout.split("\n").filter((line) => /^[✓✗] /.test(line));
  return { status, lines: lines.map((line) => line.replace(/ \(\d+\.\d s\)$/, "")).sort(), stdout };
}

test("types, arrows and tests of a change that is right pass", () => {
  expect(near("src/runner.ts", "packages/conformance")).toMatchObject({
    status: 0,
    lines: [
      "✓ arrows",
      "✓ packages/conformance: test/suites.test.ts test/verdicts.test.ts",
      "✓ types of packages/conformance",
    ],
  });
});

test("a wrong type, a forbidden import and a failing test are each told, and none hides another", () => {
  const planted = "packages/conformance/test/planted.test.ts";
  onTestFinished(() => rmSync(join(root, planted), { force: true }));
  const app = 'import "../../../apps/audit/src/finding.ts";';
  const failing = 'test("planted", () => expect(1 as string).toBe(2));';
  writeFileSync(
    join(root, planted),
    `import { expect, test } from "vitest";\n${app}\n${failing}\n`,
  );
  const { status, lines, stdout } = near(planted);
  expect({ status, lines }).toEqual({
    status: 1,
    lines: [
      "✗ arrows",
      `✗ packages/conformance: ${planted.slice(21)}`,
      "✗ types of packages/conformance",
    ],
  });
  for (const told of ["nothing-imports-an-app", "TS2352", "expected 1 to be 2"]) {
    expect(stdout).toContain(told);
  }
});
