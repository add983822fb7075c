/** What was probably meant by a name that nobody knows. Knows letters; knows nothing of what is named. */

export function didYouMean(guess: string | undefined): string {
  return guess === undefined ? "" : ` Did you mean "${guess}"?`;
}

/**
 * The candidate nearest to `name` by edit distance (optimal string alignment: a swap of neighbours counts one), or
 * none when all are farther than a third of the name's length. One or two letters are told apart by case only: any
 * other guess would be a guess. `except` is never meant: a task does not wait for itself.
 */
export function nearest(
  name: string,
  candidates: Iterable<string>,
  except?: string,
): string | undefined {
  const lower = name.toLowerCase();
  let bound = Math.floor(name.length / 3);
  let found: string | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > bound || candidate === except) continue;
    const distance = candidate.toLowerCase() === lower ? 0 : edits(name, candidate);
    if (distance <= bound && (found === undefined || distance < bound)) {
      found = candidate;
      bound = distance;
      if (distance === 0) break;
    }
  }
  return found;
}

function edits(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, (above[j] as number) + 1, (row[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] as number) + 1);
      }
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[b.length] as number;
}
