/**
 * The lines of a source file that a comparison with other files looks at: white space collapsed; blank lines, lines
 * that are nothing but comment, and import statements left out, since those are alike everywhere and no one's copy.
 * Knows nothing of the comparison.
 */
import { splitLines } from "./lines.ts";

/** How whole-line comments look in a language. `block` is an opening and a closing mark. */
interface Comments {
  readonly line: RegExp;
  readonly block?: readonly [string, string];
}

const slashes: Comments = { line: /^\/\//, block: ["/*", "*/"] };
const hashes: Comments = { line: /^#/ };
const php: Comments = { line: /^(\/\/|#(?!\[))/, block: ["/*", "*/"] };

const byExtension: Readonly<Record<string, Comments>> = Object.fromEntries([
  ..."c cc cjs cpp cs cts cxx dart go groovy h hh hpp java js jsx kt kts m mjs mm mts rs scala swift ts tsx zig"
    .split(" ")
    .map((extension) => [extension, slashes] as const),
  ..."bash ex exs jl pl pm py r rb sh".split(" ").map((extension) => [extension, hashes] as const),
  ["php", php],
]);

/** The comments of a language in which copies are looked for, or `undefined`: data, prose and mark-up repeat by nature. */
function commentsOf(path: string): Comments | undefined {
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(byExtension, extension) ? byExtension[extension] : undefined;
}

export interface CodeLines {
  /** Line numbers in the file, rising. */
  readonly numbers: Uint32Array;
  /** A hash of each of these lines: equal lines have equal hashes, the converse is for the comparison to find out. */
  readonly hashes: Uint32Array;
}

/** `undefined` when the file is not in a language that is compared. */
export function codeLinesOf(
  path: string,
  text: string,
  leftOut: readonly (readonly [firstLine: number, lastLine: number])[],
): CodeLines | undefined {
  const comments = commentsOf(path);
  if (comments === undefined) return undefined;
  const numbers: number[] = [];
  const hashes: number[] = [];
  const excluded = new Set<number>();
  for (const [first, last] of leftOut) for (let n = first; n <= last; n++) excluded.add(n);
  let closing: string | undefined;
  for (const [index, line] of splitLines(text).entries()) {
    const code = comparedForm(line);
    if (closing !== undefined) {
      if (code.includes(closing)) closing = undefined;
    } else if (comments.block !== undefined && code.startsWith(comments.block[0])) {
      if (!code.includes(comments.block[1], comments.block[0].length)) closing = comments.block[1];
    } else if (code !== "" && !comments.line.test(code) && !excluded.has(index + 1)) {
      numbers.push(index + 1);
      hashes.push(hash(code));
    }
  }
  return { numbers: Uint32Array.from(numbers), hashes: Uint32Array.from(hashes) };
}

/** A line as it is compared. */
export function comparedForm(line: string): string {
  return line.trim().replace(/\s+/g, " ");
}

/** FNV-1a over UTF-16 code units, with a final mix so that close lines are far apart in a rolling sum. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}
