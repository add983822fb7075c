/** What `pnpm arrows` reports in a planted tree, and the statements that are planted there. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { ICruiseResult } from "dependency-cruiser";
import { expect } from "vitest";

export type Violation = { readonly rule: string; readonly arrow: string };

export function importValue(from: string, name: string): string {
  return `export { value as ${name} } from ${JSON.stringify(from)};\n`;
}

export function importType(from: string, name: string): string {
  return `export type { Kind as ${name} } from ${JSON.stringify(from)};\n`;
}

export function reported(tree: string): Violation[] {
  const cruise = spawnSync(
    join(import.meta.dirname, "../node_modules/.bin/depcruise"),
    ["--config", "tools/gates/arrows.config.js", "--output-type", "json", "."],
    { cwd: tree, encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  if (cruise.error ?? cruise.stderr !== "") throw cruise.error ?? new Error(cruise.stderr);
  const { summary } = JSON.parse(cruise.stdout) as ICruiseResult;
  expect(summary.totalCruised).toBeGreaterThan(0);
  return summary.violations
    .map(({ rule, from, to }) => ({ rule: rule.name, arrow: `${from} → ${to}` }))
    .sort(byText);
}

export function byText(a: Violation, b: Violation): number {
  return `${a.rule} ${a.arrow}` < `${b.rule} ${b.arrow}` ? -1 : 1;
}
