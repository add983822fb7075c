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
  const wordsBefore = new Float64Array(values.length + 1);
  for (const [at, count] of words.entries())
    wordsBefore[at + 1] = (wordsBefore[at] as number) + count;
  // From each line, the end of the shortest block with enough different lines.
  const ends = new Int32Array(values.length);
  const inside = new Map<number, number>();
  let end = 0;
  for (const [start, value] of values.entries()) {
    while (inside.size < fewestDistinctLines && end < values.length) {
      const next = values[end++] as number;
      inside.set(next, (inside.get(next) ?? 0) + 1);
    }
    ends[start] = inside.size < fewestDistinctLines ? values.length + 1 : end;
    const left = (inside.get(value) as number) - 1;
    if (left === 0) inside.delete(value);
    else inside.set(value, left);
  }
  return (start, length) => {
    const sum = (wordsBefore[start + length] as number) - (wordsBefore[start] as number);
    return sum >= fewestWords && (ends[start] as number) <= start + length;
  };
}

function compareOccurrences(a: Occurrence, b: Occurrence): number {
  return comparePaths(a, b) || a.startLine - b.startLine;
}
