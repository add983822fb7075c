/**
 * The lines of a source file that a comparison with other files looks at, each as a fingerprint: white space collapsed;
 * blank lines, lines that are nothing but comment or docstring, and imports left out, since those are alike everywhere
 * and no one's copy. Knows nothing of the comparison.
 */
import { docstringLines } from "./docstrings.ts";
import { isGenerated } from "./generated.ts";
import { languageOf } from "./languages.ts";
import { splitLines } from "./lines.ts";

/** Lists of the same length, an entry a compared line. */
export interface CodeLines {
  /** Line numbers in the file, rising. */
  readonly numbers: readonly number[];
  /** Equal for equal lines. */
  readonly fingerprints: readonly number[];
  /** How many words are on the line. */
  readonly words: readonly number[];
  /** The line from which the file tests itself. */
  readonly testsFrom?: number;
}

/**
 * `undefined` when the file is not in a language that is compared, and when a program wrote it. Without `imports`, the
 * lines of the import statements when they are known, those that look like one are left out.
 */
export function codeLinesOf(
  path: string,
  text: string,
  imports?: readonly (readonly [firstLine: number, lastLine: number])[],
): CodeLines | undefined {
  const language = languageOf(path);
  if (language === undefined) return undefined;
  const numbers: number[] = [];
  const fingerprints: number[] = [];
  const words: number[] = [];
  const excluded = new Set<number>();
  for (const [first, last] of imports ?? []) for (let n = first; n <= last; n++) excluded.add(n);
  const [firstOfImport, lastOfImport] = (imports === undefined && language.imports) || [];
  const [opening = "", closing = ""] = language.block ?? [];
  const lines = splitLines(text);
  if (/\.py$/i.test(path)) for (const line of docstringLines(lines)) excluded.add(line);
  let inside: "code" | "comment" | "import" = "code";
  let openBrackets = 0;
  for (const [index, line] of lines.entries()) {
    const code = comparedForm(line);
    if (inside === "comment") {
      if (code.includes(closing)) inside = "code";
    } else if (opening !== "" && code.startsWith(opening)) {
      if (!code.includes(closing, opening.length)) inside = "comment";
    } else if (code === "" || language.comment.test(code) || excluded.has(index + 1)) {
      if (code === "" && !(openBrackets > 0 && language.importsInGroups)) {
        inside = "code";
        openBrackets = 0;
      }
    } else if (inside === "import" || firstOfImport?.test(code)) {
      openBrackets = Math.max(0, openBrackets + bracketsLeftOpen(code));
      inside = openBrackets === 0 && lastOfImport?.test(code) ? "code" : "import";
    } else {
      numbers.push(index + 1);
      fingerprints.push(fingerprint(code));
      words.push(code.match(/[\p{L}\p{N}_$]+/gu)?.length ?? 0);
    }
  }
  const header = lines.slice(0, (numbers[0] ?? 1) - 1).join("\n");
  if (isGenerated(path, header)) return undefined;
  const testsFrom = testsFromOf(path, lines);
  return { numbers, fingerprints, words, ...(testsFrom !== undefined && { testsFrom }) };
}

function bracketsLeftOpen(code: string): number {
  return (code.match(/[({]/g)?.length ?? 0) - (code.match(/[)}]/g)?.length ?? 0);
}

/**
 * The line from which a Rust file is its own tests, by the custom that they end it: `#[cfg(test)]` above a module.
 */
function testsFromOf(path: string, lines: readonly string[]): number | undefined {
  if (!/\.rs$/i.test(path)) return undefined;
  const at = lines.findIndex(
    (line, n) => line === "#[cfg(test)]" && /^mod \w+ \{/.test(lines[n + 1] ?? ""),
  );
  return at === -1 ? undefined : at + 1;
}

/** A line as it is compared. */
function comparedForm(line: string): string {
  return line.trim().replace(/\s+/g, " ");
}

/**
 * 53 bits, all that a number holds exactly: two sums of the FNV-1a kind over the UTF-16 code units, each with the last
 * steps of MurmurHash3. Ten lines in a row that are equal by it are equal: in a million different lines there is one
 * chance in 18,000 that any two share a fingerprint, and their neighbours would have to share theirs as well.
 */
function fingerprint(text: string): number {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995);
    b ^= b >>> 15;
  }
  return (mixed(a ^ text.length) >>> 11) * 2 ** 32 + (mixed(b) >>> 0);
}

function mixed(sum: number): number {
  let h = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
