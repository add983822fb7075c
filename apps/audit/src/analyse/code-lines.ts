/**
 * The lines of a source file that a comparison with other files looks at, each as a fingerprint: white space collapsed;
 * blank lines, lines that are nothing but comment, and import statements left out, since those are alike everywhere and
 * no one's copy. Knows nothing of the comparison.
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

/** Three lists of the same length, an entry a compared line. */
export interface CodeLines {
  /** Line numbers in the file, rising. */
  readonly numbers: readonly number[];
  /** Equal for equal lines. */
  readonly fingerprints: readonly number[];
  /** How many words are on the line. */
  readonly words: readonly number[];
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
  const fingerprints: number[] = [];
  const words: number[] = [];
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
      fingerprints.push(fingerprint(code));
      words.push(code.match(/[\p{L}\p{N}_$]+/gu)?.length ?? 0);
    }
  }
  return { numbers, fingerprints, words };
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
