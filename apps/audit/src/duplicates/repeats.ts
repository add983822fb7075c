/**
 * All maximal repeats of a sequence of numbers, exactly: runs that occur at least twice and that cannot be made longer
 * without losing an occurrence. Knows nothing of files or lines.
 *
 * Suffix array by prefix doubling (Manber and Myers, 1993) with counting sorts, longest common prefixes by Kasai et al.
 * (2001), repeats as the left-diverse LCP intervals (Abouelhoda, Kurtz and Ohlebusch, 2004). O(n log n).
 */

export interface Repeat {
  readonly length: number;
  /** Where it occurs, in no order. */
  readonly starts: Int32Array;
}

/** Suffixes next to each other in the suffix array that share their first `length` numbers. */
interface Interval {
  readonly length: number;
  /** Its first place in the suffix array. */
  readonly first: number;
  /** The smallest and the largest start among its suffixes. */
  earliest: number;
  latest: number;
  /** The number before each of its suffixes, or `undefined` when they differ. */
  before: number | undefined;
}

/**
 * Repeats of at least `shortest` numbers that `isWanted`, longest first. It is asked before a repeat is kept: a row of n
 * equal numbers has n repeats with up to n places each. One whose occurrences all overlap (a row of equal parts overlaps
 * itself, moved by one part) is cut to the length at which the first and the last of them do not: its head, and its tail.
 */
export function maximalRepeats(
  sequence: Int32Array,
  shortest: number,
  isWanted: (start: number, length: number) => boolean,
): Repeat[] {
  const order = suffixArray(sequence);
  const shared = sharedPrefixes(sequence, order);
  const repeats: (Repeat & { readonly earliest: number })[] = [];
  const open: Interval[] = [{ length: -1, first: 0, earliest: 0, latest: 0, before: undefined }];
  for (let next = 1; next <= order.length; next++) {
    const common = next < order.length ? (shared[next] as number) : -1;
    const start = order[next - 1] as number;
    let inner: Interval = {
      length: sequence.length - start,
      first: next - 1,
      earliest: start,
      latest: start,
      before: start === 0 ? -1 : sequence[start - 1],
    };
    let top = open.at(-1) as Interval;
    for (; top.length > common; top = open.at(-1) as Interval) {
      widen(top, inner);
      open.pop();
      const { first, earliest, latest, before } = top;
      const length = Math.min(top.length, latest - earliest);
      if (length >= shortest && before === undefined) {
        const starts = order.subarray(first, next);
        if (isWanted(earliest, length)) repeats.push({ length, starts, earliest });
        const cut = top.length - length;
        if (cut > 0 && isWanted(earliest + cut, length)) {
          const tails = starts.map((start) => start + cut);
          repeats.push({ length, starts: tails, earliest: earliest + cut });
        }
      }
      inner = top;
    }
    if (top.length < common) open.push({ ...inner, length: common });
    else widen(top, inner);
  }
  return repeats.sort((a, b) => b.length - a.length || a.earliest - b.earliest);
}

function widen(outer: Interval, inner: Interval): void {
  outer.earliest = Math.min(outer.earliest, inner.earliest);
  outer.latest = Math.max(outer.latest, inner.latest);
  if (outer.before !== inner.before) outer.before = undefined;
}

/** The starts of all suffixes in lexicographic order. Numbers are from 0 up; a shorter suffix comes first. */
function suffixArray(sequence: Int32Array): Int32Array {
  const { length } = sequence;
  let ranks = Int32Array.from(sequence);
  let next = new Int32Array(length);
  const bySecond = Int32Array.from(sequence, (_, i) => i);
  const order = new Int32Array(length);
  let classes = sequence.reduce((most, value) => Math.max(most, value), -1) + 1;
  for (let known = 0; ; known = known === 0 ? 1 : known * 2) {
    if (known > 0) {
      let filled = 0;
      for (let i = length - known; i < length; i++) bySecond[filled++] = i;
      for (const start of order) if (start >= known) bySecond[filled++] = start - known;
    }
    const counts = new Int32Array(classes + 1);
    for (const rank of ranks) counts[rank + 1] = (counts[rank + 1] as number) + 1;
    for (let rank = 1; rank < counts.length; rank++) {
      counts[rank] = (counts[rank] as number) + (counts[rank - 1] as number);
    }
    for (const start of bySecond) {
      const rank = ranks[start] as number;
      const place = counts[rank] as number;
      order[place] = start;
      counts[rank] = place + 1;
    }
    classes = 0;
    for (let i = 0; i < length; i++) {
      const start = order[i] as number;
      const previous = i === 0 ? -1 : (order[i - 1] as number);
      const equal =
        previous >= 0 &&
        ranks[previous] === ranks[start] &&
        (known === 0 || (ranks[previous + known] ?? -1) === (ranks[start + known] ?? -1));
      if (!equal) classes++;
      next[start] = classes - 1;
    }
    [ranks, next] = [next, ranks];
    if (classes === length) return order;
  }
}

/** At each place but 0: how many numbers that suffix shares with the one before it in `order`. */
function sharedPrefixes(sequence: Int32Array, order: Int32Array): Int32Array {
  const places = new Int32Array(order.length);
  for (const [place, start] of order.entries()) places[start] = place;
  const shared = new Int32Array(order.length);
  let length = 0;
  for (let start = 0; start < sequence.length; start++) {
    const place = places[start] as number;
    if (place === 0) {
      length = 0;
      continue;
    }
    const other = order[place - 1] as number;
    const end = sequence.length - Math.max(start, other);
    while (length < end && sequence[start + length] === sequence[other + length]) length++;
    shared[place] = length;
    if (length > 0) length--;
  }
  return shared;
}
