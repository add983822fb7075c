/**
 * What is kept free for those that wait, by the priority below which others must leave it. Sums nothing up: whoever leaves
 * enough for the one that needs most leaves enough for each. Knows no task.
 */
export interface Kept {
  /** From those of a lower priority; `Infinity`: from everybody. */
  readonly own: number;
  /** The most of each resource that one of them needs. */
  readonly units: number[];
  /** All that several runs share and that any of them needs. */
  readonly places: Set<number>;
}

export class Reserve {
  /** The highest priority first; in each what is kept by those before it, too. */
  readonly #kept: Kept[] = [];

  keep(own: number, units: readonly number[], places: readonly number[]): void {
    const kept = this.#kept;
    let at = this.#above(own);
    if (kept[at]?.own !== own) {
      const before = kept[at - 1];
      kept.splice(at, 0, {
        own,
        units: [...(before?.units ?? [])],
        places: new Set(before?.places),
      });
    }
    for (; at < kept.length; at++) {
      const each = kept[at] as Kept;
      for (const place of places) each.places.add(place);
      units.forEach((amount, resource) => {
        each.units[resource] = Math.max(each.units[resource] ?? 0, amount);
      });
    }
  }

  /** What is kept from one of this priority. */
  from(own: number): Kept | undefined {
    return this.#kept[this.#above(own) - 1];
  }

  /** How many priorities are higher. */
  #above(own: number): number {
    let at = this.#kept.length;
    while (at > 0 && (this.#kept[at - 1] as Kept).own <= own) at--;
    return at;
  }
}
