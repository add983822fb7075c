/**
 * Finds the blocks that excerpts of source files have in common, line by line. A pure function of the excerpts; what goes
 * in and what comes out can be sent to another thread.
 */
import type { Occurrence } from "../finding.ts";
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
  for (const { length, starts } of maximalRepeats(sequence.values, windowLines)) {
    const isTold = (start: number): boolean => !told.subarray(start, start + length).includes(0);
    if (starts.every(isTold)) continue;
    const [first = 0] = starts;
    if (!isSubstantial(sequence, first, first + length)) continue;
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

function isSubstantial({ values, words }: Sequence, from: number, to: number): boolean {
  let sum = 0;
  for (let at = from; at < to; at++) sum += words[at] as number;
  return sum >= fewestWords && new Set(values.subarray(from, to)).size >= fewestDistinctLines;
}

function compareOccurrences(a: Occurrence, b: Occurrence): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.startLine - b.startLine;
}
