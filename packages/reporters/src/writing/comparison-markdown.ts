/** Two runs compared, as Markdown for a pull request: the verdict, then what changed, the largest first. */
import type { ReportComparison } from "../asking/compare.ts";
import { partText } from "../asking/comparison-verdict.ts";
import { comparisonTables, comparisonTitle } from "../layout/comparison-rows.ts";
import { code, table } from "./markdown-parts.ts";

/**
 * What `compareReports` found, as GitHub Flavored Markdown: the verdict first.
 *
 * @throws TypeError for what `compareReports` has not made.
 */
export function renderComparisonMarkdown(comparison: ReportComparison): string {
  if (comparison?.verdict === undefined || !Array.isArray(comparison.path)) {
    throw new TypeError(
      "renderComparisonMarkdown() needs what compareReports(before, after) gives, got something else",
    );
  }
  const sections = comparisonTables(comparison).map(({ title, columns, rows, more }) => {
    const shown = rows.map((row) => [...row.slice(0, -1), code(row.at(-1) ?? "")]);
    const rest = more > 0 ? `\n… and ${more} more\n` : "";
    return `\n### ${title.replace(/:$/, "")}\n\n${table(columns, shown)}${rest}`;
  });
  return `## ${code(comparisonTitle(comparison))}\n\n${sentence(comparison)}\n${sections.join("")}`;
}

/** A name in it is no Markdown. */
function sentence({ verdict, path }: ReportComparison): string {
  const named = path.find((part) => {
    return part.task !== undefined && verdict.sentence.includes(`Most of it: ${partText(part)}, `);
  });
  if (named === undefined) return verdict.sentence;
  return verdict.sentence.split(`: ${partText(named)}, `).join(`: ${code(partText(named))}, `);
}
