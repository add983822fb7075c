/** Two runs compared, as plain text: the verdict, then what changed, the largest first. */
import type { ReportComparison } from "../asking/compare.ts";
import { comparisonTables, comparisonTitle } from "../layout/comparison-rows.ts";

/**
 * What `compareReports` found, for people: the verdict first. Names with control characters are made visible.
 *
 * @throws TypeError for what `compareReports` has not made.
 */
export function renderComparisonText(comparison: ReportComparison): string {
  if (comparison?.verdict === undefined || !Array.isArray(comparison.path)) {
    throw new TypeError(
      "renderComparisonText() needs what compareReports(before, after) gives, got something else",
    );
  }
  const lines = [comparisonTitle(comparison), comparison.verdict.sentence];
  for (const { title, columns, rows, more } of comparisonTables(comparison)) {
    const numbers = columns.length - 1;
    const line = (cells: readonly string[]): string =>
      `  ${cells.map((cell, at) => (at < numbers ? `${cell.padStart(10)}  ` : cell)).join("")}`;
    lines.push("", title);
    if (numbers > 0) lines.push(line(columns));
    for (const row of rows) lines.push(line(row));
    if (more > 0) lines.push(`  … and ${more} more`);
  }
  return `${lines.join("\n")}\n`;
}
