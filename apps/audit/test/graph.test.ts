import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Runner } from "@astrum/core";
import { expect, test } from "vitest";
import { auditFlow } from "../src/graph.ts";
import { temporaryTree } from "./temporary-tree.ts";

const audit = (root: string) =>
  auditFlow({ root, out: temporaryTree(), atOnce: 8, failOn: ["links"], maxDup: 0 });

/** Carries out every attempt, and does something when the task `name` has ended. */
function after(name: string, act: () => void): Runner {
  return async (attempt) => {
    const value = await attempt.run(...attempt.args, attempt.context);
    if ((attempt.context as { readonly taskName: string }).taskName === name) act();
    return value;
  };
}

test("a file that vanishes or is replaced between discovery and reading is skipped, with the reason", async () => {
  const root = temporaryTree({
    "a.md": "[x](b.md)",
    "b.md": "",
    "c.md": "[x](gone.md)",
    "d.md": "",
  });
  const runner = after("discover", () => {
    rmSync(join(root, "b.md"));
    rmSync(join(root, "d.md"));
    mkdirSync(join(root, "d.md"));
  });
  const report = await audit(root).run({ failure: "continue", runner });
  expect(report.executionState).toBe("completed");
  expect(report.outputs.verdict).toMatchObject({
    state: "failed",
    textFiles: 2,
    findings: [{ path: "c.md", line: 1, target: "gone.md" }],
    skipped: [
      { path: "b.md", reason: "the file vanished during the audit" },
      { path: "d.md", reason: "not a regular file" },
    ],
  });
});

test("what changes after it was read makes no difference", async () => {
  const root = temporaryTree({ "a.md": "[x](#a)\n\n# A", "b.ts": 'import "./b.ts";' });
  const runner = after("analyse[0]", () => {
    writeFileSync(join(root, "a.md"), "[x](#gone)");
    rmSync(join(root, "b.ts"));
  });
  const { outputs } = await audit(root).run({ failure: "continue", runner });
  expect(outputs.verdict?.findings.map(({ path, kind }) => `${path} ${kind}`)).toEqual([
    "b.ts cycles",
  ]);
});

test("one analysis that fails takes nothing from the others, and the verdict is incomplete", async () => {
  const root = temporaryTree({ "a.md": "[x](gone.md)", "b.ts": 'import "./b.ts";' });
  const runner: Runner = (attempt) => {
    const { taskName } = attempt.context as { readonly taskName: string };
    if (taskName === "imports:cycles") throw new Error("a fault of ours");
    return attempt.run(...attempt.args, attempt.context);
  };
  const report = await audit(root).run({ failure: "continue", runner });
  expect(report.executionState).toBe("failed");
  expect(report.outputs.verdict).toMatchObject({
    state: "incomplete",
    over: ["links"],
    counts: { links: 1, cycles: null, dup: 0 },
  });
});

test("a folder that cannot be listed fails the run", async () => {
  const report = await audit(join(temporaryTree(), "gone")).run({ failure: "continue" });
  expect(report.executionState).toBe("failed");
  expect(report.errorSummary.join()).toContain("ENOENT");
});
