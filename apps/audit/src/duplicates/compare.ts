/**
 * Finds the blocks that excerpts of source files have in common, line by line. A pure function of the excerpts; what goes
 * in and what comes out can be sent to another thread.
 */
import { comparePaths, type Occurrence } from "../finding.ts";
import { type Excerpt, windowLines } from "./candidates.ts";
import { maximalRepeats } from "./repeats.ts";

export interface DuplicateBlock {
  /** Compared lines. */
  readonly lines: number;
  /** By path and line; at least two that do not overlap. Others may, where a line would go untold without them. */
  readonly occurrences: readonly Occurrence[];
}

/** Shorter blocks say too little to be worth a person's time, however many lines they take: brackets, one word a line. */
const fewestWords = 40;
const fewestDistinctLines = 5;

/**
 * Longest blocks first; a shorter one is kept if at least one of its lines is not in a longer one, so that every
 * duplicated line is told of and none is told of again and again.
 */
export function compareExcerpts(excerpts: readonly Excerpt[]): DuplicateBlock[] {
  const sequence = sequenceOf(excerpts);
  const told = new Uint8Array(sequence.values.length);
  const blocks: DuplicateBlock[] = [];
  const repeats = maximalRepeats(sequence.values, windowLines, substantial(sequence));
  for (const { length, starts } of repeats) {
    const isTold = (start: number): boolean => !told.subarray(start, start + length).includes(0);
    if (starts.every(isTold)) continue;
    const tell = (start: number): void => void told.fill(1, start, start + length);
    const chosen = withoutOverlaps(starts, length);
    chosen.forEach(tell);
    for (const start of starts) {
      if (isTold(start)) continue;
      tell(start);
      chosen.push(start);
    }
    const occurrences = chosen.map((start) => ({
      path: sequence.paths[start] as string,
      startLine: sequence.numbers[start] as number,
      endLine: sequence.numbers[start + length - 1] as number,
    }));
    blocks.push({ lines: length, occurrences: occurrences.sort(compareOccurrences) });
  }
  return blocks;
}

/** All excerpts in one row. */
interface Sequence {
  /** A number for each distinct line, from 0 up; one that occurs nowhere else after each excerpt. */
  readonly values: Int32Array;
  readonly words: readonly number[];
  readonly numbers: readonly number[];
  readonly paths: readonly string[];
}

function sequenceOf(excerpts: readonly Excerpt[]): Sequence {
  const values: number[] = [];
  const words: number[] = [];
  const numbers: number[] = [];
  const paths: string[] = [];
  const known = new Map<number, number>();
  let fresh = 0;
  for (const excerpt of excerpts) {
    for (const [index, fingerprint] of excerpt.fingerprints.entries()) {
      let value = known.get(fingerprint);
      if (value === undefined) {
        value = fresh++;
        known.set(fingerprint, value);
      }
      values.push(value);
      words.push(excerpt.words[index] as number);
      numbers.push(excerpt.numbers[index] as number);
      paths.push(excerpt.path);
    }
    values.push(fresh++);
    words.push(0);
    numbers.push(0);
    paths.push("");
  }
  return { values: Int32Array.from(values), words, numbers, paths };
}

function withoutOverlaps(starts: Int32Array, length: number): number[] {
  const apart: number[] = [];
  let end = -1;
  for (const start of starts.toSorted()) {
    if (start < end) continue;
    apart.push(start);
    end = start + length;
  }
  return apart;
}

/** Whether a block says enough. Each answer takes the same time, however long the block. */
function substantial({ values, words }: Sequence): (start: number, length: number) => boolean {
  const wordsBefore = [0];
  for (const [at, count] of words.entries()) wordsBefore.push((wordsBefore[at] as number) + count);
  // From each line, the end of the shortest block with enough different ones: where the last of them first occurs.
  const ends = new Int32Array(values.length);
  let nearest: readonly number[] = [];
  for (let at = values.length - 1; at >= 0; at--) {
    const others = nearest.filter((other) => values[other] !== values[at]);
    nearest = [at, ...others].slice(0, fewestDistinctLines);
    ends[at] = (nearest[fewestDistinctLines - 1] ?? values.length) + 1;
  }
  return (start, length) => {
    const end = start + length;
    const count = (wordsBefore[end] as number) - (wordsBefore[start] as number);
    return count >= fewestWords && (ends[start] as number) <= end;
  };
}

function compareOccurrences(a: Occurrence, b: Occurrence): number {
  return comparePaths(a, b) || a.startLine - b.startLine;
}
