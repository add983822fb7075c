import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let tree: string;
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), "counted-"));
});
afterEach(() => rmSync(tree, { recursive: true }));

describe("The count that closes a check", () => {
  it("adds up every package and every Node version", () => {
    ran("packages/core", "test-node20", ["passed", "passed"]);
    ran("packages/core", "test-node24", ["passed", "passed"]);
    ran("apps/audit", "test-node20", ["passed"]);
    ran("bench", "test-node20", ["passed"]);
    expect(counted()).toEqual({ lastLine: "6 passed, 0 failed", status: 0 });
  });

  it("fails when a test failed", () => {
    ran("tools/gates", "test-node20", ["passed", "failed", "failed"]);
    expect(counted()).toEqual({ lastLine: "1 passed, 2 failed", status: 1 });
  });

  it("counts a file that did not load as one failure", () => {
    ran("packages/core", "test-node20", ["passed"]);
    ran("packages/otel", "test-node20", [], "failed");
    expect(counted()).toEqual({ lastLine: "1 passed, 1 failed", status: 1 });
  });

  it("counts no skipped test as passed", () => {
    ran("packages/core", "test-node20", ["passed", "pending", "skipped", "todo"]);
    expect(counted()).toEqual({ lastLine: "1 passed, 0 failed", status: 0 });
  });

  it("fails when nothing ran", () => {
    expect(counted()).toEqual({ lastLine: "0 passed, 0 failed", status: 1 });
  });

  it("counts a failed step as one failure when no test failed", () => {
    ran("packages/core", "test-node20", ["passed"]);
    expect(counted("--step-failed")).toEqual({ lastLine: "1 passed, 1 failed", status: 1 });
  });

  it("adds no failure to the failed tests that made a step fail", () => {
    ran("packages/core", "test-node20", ["failed", "failed"]);
    expect(counted("--step-failed")).toEqual({ lastLine: "0 passed, 2 failed", status: 1 });
  });
});

/** Leaves the results of one test file behind, as Vitest's JSON reporter writes them. */
function ran(folder: string, run: string, statuses: readonly string[], file = "passed"): void {
  const results = join(tree, folder, "test-results");
  mkdirSync(results, { recursive: true });
  const assertionResults = statuses.map((status) => ({ status }));
  writeFileSync(
    join(results, `${run}.json`),
    JSON.stringify({ testResults: [{ status: file, assertionResults }] }),
  );
}

function counted(...options: string[]): { lastLine: string | undefined; status: number | null } {
  const script = join(import.meta.dirname, "../count-tests.js");
  const { stdout, status } = spawnSync(process.execPath, [script, ...options, tree], {
    encoding: "utf8",
  });
  return { lastLine: stdout.trimEnd().split("\n").at(-1), status };
}
