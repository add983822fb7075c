/** The shortest list of decisions that still breaks something. Asks whether a list does; knows no run. */

/** So often it is asked: a shorter schedule is worth seconds, not minutes. */
const MOST = 400;

/**
 * Fewer decisions that are not 0, then smaller ones: parts of the list are set to 0, first large ones. `breaks` gives the
 * decisions that were really made, when they break it.
 */
export async function shrunk(
  first: readonly number[],
  breaks: (decisions: readonly number[]) => Promise<readonly number[] | undefined>,
): Promise<readonly number[]> {
  let best = first;
  let asked = 0;
  const attempt = async (candidate: readonly number[]): Promise<boolean> => {
    if (asked++ >= MOST || !isShorter(candidate, best)) return false;
    const made = await breaks(candidate);
    if (made === undefined || !isShorter(made, best)) return false;
    best = made;
    return true;
  };
  for (let better = true; better && asked < MOST; ) {
    better = false;
    for (let size = Math.max(1, decided(best).length >> 1); size >= 1; size = size >> 1) {
      for (let at = 0; at < decided(best).length; ) {
        const places = new Set(decided(best).slice(at, at + size));
        const without = best.map((choice, place) => (places.has(place) ? 0 : choice));
        if (await attempt(without)) better = true;
        else at += size;
      }
    }
    for (const place of decided(best)) {
      for (let choice = 1; choice < (best[place] ?? 0); choice++) {
        const smaller = best.map((one, at) => (at === place ? choice : one));
        if (await attempt(smaller)) better = true;
      }
    }
  }
  return best;
}

/** The places where something else than the natural was decided. */
function decided(decisions: readonly number[]): number[] {
  return decisions.flatMap((choice, at) => (choice === 0 ? [] : [at]));
}

/** Fewer decisions; of as many, smaller ones; of the same, less that happened. */
function isShorter(some: readonly number[], others: readonly number[]): boolean {
  const sum = (list: readonly number[]): number => list.reduce((all, one) => all + one, 0);
  return (
    (decided(some).length - decided(others).length ||
      sum(some) - sum(others) ||
      some.length - others.length) < 0
  );
}
