/** What the items of a map are called by its `key`: asked once an item, when the list is known. Starts nothing. */
import type { Definition } from "../define/definition.ts";
import { describe } from "../ground/describe.ts";
import { frameless, InputError } from "../ground/errors.ts";
import { isPromise, settling } from "../ground/promised.ts";

/** As long as the name of a task may be. */
const LONGEST = 256;

/** The key of each item, or none for a map without `key`. Throws `InputError` that names the indices. */
export function itemKeys(
  { name, options }: Definition,
  list: readonly unknown[],
): readonly string[] | undefined {
  const ask = options?.key as ((item: unknown, index: number) => unknown) | undefined;
  if (ask === undefined) return undefined;
  const places = new Map<string, number>();
  for (let index = 0; index < list.length; index++) {
    const key = asked(name, ask, list[index], index);
    const before = places.get(key);
    if (before !== undefined) {
      refuse(name, `Items ${before} and ${index} of map "${name}" have one key, ${describe(key)}`);
    }
    places.set(key, index);
  }
  return [...places.keys()];
}

function asked(
  name: string,
  ask: (item: unknown, index: number) => unknown,
  item: unknown,
  index: number,
): string {
  let key: unknown;
  try {
    key = ask(item, index);
  } catch (cause) {
    refuse(name, `The key of item ${index} of map "${name}" could not be made`, { cause });
  }
  if (typeof key === "string" && key !== "" && key.length <= LONGEST) return key;
  // What it stands for is not asked for; its rejection is nobody's.
  if (isPromise(key)) settling(key).catch(() => {});
  const got = typeof key === "string" && key !== "" ? `${key.length}` : describe(key);
  refuse(
    name,
    `The key of item ${index} of map "${name}" must be a text of 1 to ${LONGEST} characters, got ${got}`,
  );
}

function refuse(task: string, message: string, options?: ErrorOptions): never {
  throw frameless(new InputError(task, message, options));
}
