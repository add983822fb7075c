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
  const names = namesOf(graph);
  const hash = new Hash();
  hash.mix(names[task] as number);
  hash.mix(definition.kind === "map" ? 2 : 1);
  if (item !== undefined) hash.mix(item);
  if (definition.options?.version !== undefined) hash.mix(textHash(definition.options.version));
  let edge = start[task] as number;
  for (const slot of definition.slots) {
    hash.mix(typeof slot.to === "string" ? textHash(slot.to) : slot.to);
    if (slot.task === undefined) {
      hash.mix(textHash(slot.kind));
      if (slot.param !== undefined) hash.mix(textHash(slot.param.name));
    } else {
      hash.mix(names[end[edge] as number] as number);
      hash.mix(kind[edge++] as number);
    }
    if (slot.select !== undefined) {
      hash.mix(textHash(slot.select.how));
      hash.mix(textHash(String(selectedKey(slot) ?? "")));
    }
  }
  return hash.text();
}

/** A name is hashed once a graph, not once for each edge that it stands in. */
const hashedNames = new WeakMap<Graph, Int32Array>();

function namesOf(graph: Graph): Int32Array {
  let names = hashedNames.get(graph);
  if (names === undefined) {
    names = Int32Array.from(graph.definitions, ({ name }) => textHash(name));
    hashedNames.set(graph, names);
  }
  return names;
}

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

function textHash(text: string): number {
  let hash = OFFSET ^ text.length;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash;
}

class Hash {
  #a = OFFSET;
  #b = 0x2f0b4c47;

  mix(unit: number): void {
    this.#a = Math.imul(this.#a ^ unit, PRIME);
    this.#b = Math.imul(this.#b ^ unit, PRIME) ^ (this.#b >>> 15);
  }

  text(): string {
    const a = this.#a;
    const b = this.#b;
    // One call makes one string: twice as fast as joining digits, five times as fast as `toString(16)`.
    return String.fromCharCode(
      digit(a, 28),
      digit(a, 24),
      digit(a, 20),
      digit(a, 16),
      digit(a, 12),
      digit(a, 8),
      digit(a, 4),
      digit(a, 0),
      digit(b, 28),
      digit(b, 24),
      digit(b, 20),
      digit(b, 16),
      digit(b, 12),
      digit(b, 8),
      digit(b, 4),
      digit(b, 0),
    );
  }
}

/** The character code of four bits as a hexadecimal digit. */
function digit(word: number, shift: number): number {
  const four = (word >>> shift) & 15;
  return four < 10 ? 48 + four : 87 + four;
}
