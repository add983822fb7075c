/**
 * Where copies may be: excerpts of source files whose windows of lines have the same rolling hash somewhere else. Equal
 * lines are always found here; unequal ones may be (a hash of 32 bits is not a proof), so each candidate goes to an
 * exact comparison.
 *
 * A candidate is a pair of excerpts, or more where they share a window with a third: every block that occurs more than
 * once lies wholly inside the excerpts of one candidate, so candidates can be compared independently, anywhere.
 */
import type { CodeLines } from "../analyse/code-lines.ts";

/** The shortest block that is called a duplicate, in compared lines. */
export const windowLines = 10;

/** Consecutive compared lines of a file. */
export interface Excerpt extends CodeLines {
  readonly path: string;
}

export interface SourceFile {
  readonly path: string;
  readonly code: CodeLines;
}

export function duplicateCandidates(sources: readonly SourceFile[]): Excerpt[][] {
  const windows = sources.map(({ code }) => windowHashes(code.fingerprints));
  const seenOnce = new Set<number>();
  const seenAgain = new Set<number>();
  for (const hashes of windows) {
    for (const hash of hashes) (seenOnce.has(hash) ? seenAgain : seenOnce).add(hash);
  }

  const excerpts: Excerpt[] = [];
  const groups = new Groups();
  const firstWith = new Map<number, number>();
  for (const [index, hashes] of windows.entries()) {
    const source = sources[index] as SourceFile;
    for (let start = 0; start < hashes.length; start++) {
      if (!seenAgain.has(hashes[start] as number)) continue;
      const excerpt = groups.add();
      let end = start;
      for (; end < hashes.length && seenAgain.has(hashes[end] as number); end++) {
        const hash = hashes[end] as number;
        const first = firstWith.get(hash);
        if (first === undefined) firstWith.set(hash, excerpt);
        else groups.join(first, excerpt);
      }
      excerpts.push(cut(source, start, end - 1 + windowLines));
      start = end;
    }
  }
  return groups.lists().map((group) => group.map((index) => excerpts[index] as Excerpt));
}

/** How much there is to compare. */
export function linesIn(candidate: readonly Excerpt[]): number {
  return candidate.reduce((sum, { numbers }) => sum + numbers.length, 0);
}

/** No two candidates have the same. */
export function placeOf([first]: readonly Excerpt[]): string {
  return `${first?.path}:${first?.numbers[0]}`;
}

function cut({ path, code }: SourceFile, from: number, to: number): Excerpt {
  return {
    path,
    numbers: code.numbers.slice(from, to),
    fingerprints: code.fingerprints.slice(from, to),
    words: code.words.slice(from, to),
  };
}

/** Rabin–Karp: the hash of every run of `windowLines` lines, each from the one before it, modulo 2^32. */
function windowHashes(lines: readonly number[]): Uint32Array {
  const base = 0x01000193;
  const windows = new Uint32Array(Math.max(0, lines.length - windowLines + 1));
  let leaving = 1;
  for (let i = 1; i < windowLines; i++) leaving = Math.imul(leaving, base);
  let hash = 0;
  for (let i = 0; i < lines.length; i++) {
    if (i >= windowLines) hash -= Math.imul(lines[i - windowLines] as number, leaving);
    hash = (Math.imul(hash, base) + (lines[i] as number)) | 0;
    if (i >= windowLines - 1) windows[i - windowLines + 1] = hash;
  }
  return windows;
}

/** Disjoint sets of the numbers handed out by `add`, joined by size. */
class Groups {
  readonly #parents: number[] = [];
  readonly #sizes: number[] = [];

  add(): number {
    this.#sizes.push(1);
    return this.#parents.push(this.#parents.length) - 1;
  }

  join(a: number, b: number): void {
    let [small, large] = [this.#find(a), this.#find(b)];
    if (small === large) return;
    if ((this.#sizes[small] as number) > (this.#sizes[large] as number)) {
      [small, large] = [large, small];
    }
    this.#parents[small] = large;
    this.#sizes[large] = (this.#sizes[large] as number) + (this.#sizes[small] as number);
  }

  /** The sets, each in order, ordered by their first member. */
  lists(): number[][] {
    const lists = new Map<number, number[]>();
    for (let member = 0; member < this.#parents.length; member++) {
      const root = this.#find(member);
      const list = lists.get(root);
      if (list === undefined) lists.set(root, [member]);
      else list.push(member);
    }
    return [...lists.values()];
  }

  #find(member: number): number {
    let root = member;
    while (this.#parents[root] !== root) root = this.#parents[root] as number;
    return root;
  }
}
