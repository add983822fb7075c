/**
 * The resume key of a task: what must be the same for an earlier result to stand. No value is hashed, and functions are
 * covered by `version` only.
 */
import type { Graph } from "./graph.ts";
import type { Definition, Slot } from "./task.ts";

/** The key or index that a slot takes; none when it takes the whole, or what a function chooses. */
export function selectedKey({ select }: Slot): string | number | undefined {
  if (select === undefined || select.how === "function") return undefined;
  if (select.how === "locator") return select.at;
  return typeof select.key === "number" ? select.key : String(select.key);
}

/**
 * Name, kind, edges, selectors and version, hashed to 64 bits: two FNV-1a sums
 * (http://www.isthe.com/chongo/tech/comp/fnv) with different offsets, in hexadecimal.
 */
export function fingerprint(graph: Graph, task: number, item?: number): string {
  const definition = graph.definitions[task] as Definition;
  const { start, end, kind } = graph.dependencies;
  const hash = new Hash();
  hash.add(definition.name);
  hash.mix(definition.kind === "map" ? 2 : 1);
  if (item !== undefined) hash.mix(item);
  if (definition.options?.version !== undefined) hash.add(definition.options.version);
  let edge = start[task] as number;
  for (const slot of definition.slots) {
    if (typeof slot.to === "string") hash.add(slot.to);
    else hash.mix(slot.to);
    if (slot.task === undefined) {
      hash.add(slot.kind);
      if (slot.param !== undefined) hash.add(slot.param.name);
    } else {
      hash.add((graph.definitions[end[edge] as number] as Definition).name);
      hash.mix(kind[edge] as number);
      edge++;
    }
    if (slot.select !== undefined) {
      hash.add(slot.select.how);
      hash.add(String(selectedKey(slot) ?? ""));
    }
  }
  return hash.text();
}

class Hash {
  #a = 0x811c9dc5;
  #b = 0x2f0b4c47;

  /** Texts are kept apart by their length, so that "a", "bc" is not "ab", "c". */
  add(text: string): void {
    let a = this.#a;
    let b = this.#b;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      a = Math.imul(a ^ unit, 0x01000193);
      b = Math.imul(b ^ unit, 0x01000193) ^ (b >>> 15);
    }
    this.#a = a;
    this.#b = b;
    this.mix(text.length);
  }

  mix(unit: number): void {
    this.#a = Math.imul(this.#a ^ unit, 0x01000193);
    this.#b = Math.imul(this.#b ^ unit, 0x01000193) ^ (this.#b >>> 15);
  }

  text(): string {
    return octets(this.#a) + octets(this.#b);
  }
}

/** `toString(16)` of a number beyond 31 bits takes five times as long as eight characters from a table. */
const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, octet) =>
  octet.toString(16).padStart(2, "0"),
);

function octets(word: number): string {
  return (
    (OCTETS[word >>> 24] as string) +
    (OCTETS[(word >>> 16) & 255] as string) +
    (OCTETS[(word >>> 8) & 255] as string) +
    (OCTETS[word & 255] as string)
  );
}
