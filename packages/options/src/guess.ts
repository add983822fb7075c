/** What was probably meant by a name that nobody knows. Knows letters; knows nothing of what is named. */

/**
 * The candidate nearest to `name`, a swap of neighbours counting as one change, or none when all are farther than a third
 * of the longer name. Capitals do not count.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let found: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const bound = Math.floor(Math.max(name.length, candidate.length) / 3);
    if (Math.abs(name.length - candidate.length) > bound) continue;
    const changes = distance(name.toLowerCase(), candidate.toLowerCase());
    if (changes > bound || changes >= least) continue;
    found = candidate;
    least = changes;
  }
  return found;
}

function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const shorter = Math.min((above[column] as number) + 1, (next[column - 1] as number) + 1);
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = swapped ? (before[column - 2] as number) + 1 : Infinity;
      next.push(Math.min(replaced, shorter, swap));
    }
    before = above;
    above = next;
  }
  return above[b.length] as number;
}
