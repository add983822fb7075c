/** Values that nobody expects, put into every place of a value. Judges nothing. */

const GONE = Symbol("taken out");

/** What a place holds instead; the first is nothing at all. */
export const HOSTILE: readonly unknown[] = [
  GONE,
  null,
  true,
  -1,
  0.5,
  1e300,
  "",
  "\u001b[2J\u009b31m\u202e",
  "__proto__",
  [],
  {},
  ["x"],
  { kind: "failure", task: "t" },
  JSON.parse(`${"[".repeat(300)}1${"]".repeat(300)}`),
];

export type Path = readonly (string | number)[];

/** Every place in a value. */
export function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return [here, ...pathsOf(item, here)];
  });
}

/** A copy in which one place holds something else. */
export function replaced(value: unknown, [key, ...rest]: Path, hostile: unknown): unknown {
  if (key === undefined) return hostile;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<
    string | number,
    unknown
  >;
  const inner = replaced(copy[key], rest, hostile);
  if (inner !== GONE) copy[key] = inner;
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else delete copy[key];
  return copy;
}
