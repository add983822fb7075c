/** Where the items of a map stood in the list of an earlier run, and where they stand now. Knows names and digests. */
import { itemNamed } from "../define/item-name.ts";
import type { Incomparable } from "../report/origin.ts";

/** Which of the names are those of items, by the name of their map and their index. */
export function itemsByMap(names: Iterable<string>): Map<string, Map<number, string>> {
  const maps = new Map<string, Map<number, string>>();
  for (const name of names) {
    const item = itemNamed(name);
    if (item === undefined) continue;
    const known = maps.get(item.map) ?? new Map<number, string>();
    maps.set(item.map, known.set(item.index, name));
  }
  return maps;
}

/**
 * For every place of the list that an earlier result is there for, the place where that one stood: the same one if that was
 * given the same, else any. Each is given out once, so that of equal items no more stand than were stored.
 *
 * `stored`: names of stored items, by place; `givenAt`: what one of a name was given; `givens`: what those of the list are.
 */
export function itemPlaces(
  stored: ReadonlyMap<number, string>,
  givenAt: (name: string) => string | undefined,
  givens: readonly (string | Incomparable)[],
): Map<number, number> {
  const places = new Map<number, number>();
  const free = new Map<string, number[]>();
  for (const [place, name] of stored) {
    const given = givenAt(name);
    if (given === undefined) continue;
    if (givens[place] === given) places.set(place, place);
    else {
      const known = free.get(given);
      if (known === undefined) free.set(given, [place]);
      else known.push(place);
    }
  }
  for (const [index, given] of givens.entries()) {
    if (places.has(index) || typeof given !== "string") continue;
    const place = free.get(given)?.pop();
    if (place !== undefined) places.set(index, place);
  }
  return places;
}
