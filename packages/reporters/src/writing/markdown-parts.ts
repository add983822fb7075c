/** Parts of Markdown that more than one page has: tables, and code spans that nothing inside can end. */
import { visible } from "../wording/visible.ts";

/** Cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |\n`;
  return [line(head), `|${head.map(() => " --- |").join("")}\n`, ...rows.map(line)].join("");
}

/** A bar ends a cell even inside a code span. */
function cell(text: string): string {
  return text.replace(/\|/g, "\\|");
}

/** A code span whose fence is longer than any run of backticks inside. */
export function code(text: string): string {
  const shown = visible(text);
  if (shown === "") return '`""`';
  const fence = "`".repeat(1 + longestRun(shown, "`"));
  const padded = needsPadding(shown) ? ` ${shown} ` : shown;
  return `${fence}${padded}${fence}`;
}

/** A backtick at an end would belong to the fence; of a space at both ends Markdown takes one away, unless all are spaces. */
function needsPadding(text: string): boolean {
  if (text.startsWith("`") || text.endsWith("`")) return true;
  return text.startsWith(" ") && text.endsWith(" ") && text.trim() !== "";
}

/** How many of a character stand in a row at most. */
export function longestRun(text: string, character: string): number {
  let longest = 0;
  let run = 0;
  for (const one of text) {
    run = one === character ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}
