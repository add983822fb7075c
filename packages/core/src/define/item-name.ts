/** What the items of a map are called: `map[3]`. Knows no graph, and not whether there is such a map. */

export function itemName(map: string, index: number): string {
  return `${map}[${index}]`;
}

/** The item that would have this name; none when it is no name of an item. */
export function itemNamed(name: string): { map: string; index: number } | undefined {
  const [, map, digits] = /^(.+)\[(0|[1-9]\d*)\]$/s.exec(name) ?? [];
  return map === undefined ? undefined : { map, index: Number(digits) };
}
