/** Where the items of a map stood in the list of an earlier run, and where they stand now. Knows names and digests. */
import { itemNamed } from "../define/item-name.ts";
import type { Incomparable, Origin } from "../report/origin.ts";

/**
 * Which of the names are those of items, by the name of their map and their index, in order. A result that moved has copies
 * where it stood, on its way and where it stands: of these the first is one, so that no call counts for two items.
 */
export function itemsByMap(
  names: Iterable<string>,
  originOf: (name: string) => Origin | undefined,
): Map<string, Map<number, string>> {
  const items: { readonly name: string; readonly map: string; readonly index: number }[] = [];
  for (const name of names) {
    const item = itemNamed(name);
    if (item !== undefined) items.push({ name, ...item });
  }
  items.sort((a, b) => a.index - b.index);
  const maps = new Map<string, Map<number, string>>();
  const known = new Set<string>();
  for (const { name, map, index } of items) {
    const origin = originOf(name);
    const result = origin && `${map} ${origin.run} ${origin.item ?? index}`;
    if (result !== undefined && known.has(result)) continue;
    if (result !== undefined) known.add(result);
    maps.set(map, (maps.get(map) ?? new Map<number, string>()).set(index, name));
  }
  return maps;
}

/** A result that stands elsewhere now remembers where its item was called. */
export function placed<T extends { readonly origin: Origin }>(
  result: T,
  before: number,
  index: number,
): T {
  if (before === index) return result;
  const { origin } = result;
  return { ...result, origin: { ...origin, item: origin.item ?? before } };
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
