/**
 * What an output was made from, written down beside it so that a later run can tell whether it still stands: as digests,
 * never the values themselves. Knows definitions and values; no run that is under way, no journal and no file.
 */

import { lives, type Slot } from "../define/definition.ts";
import type { Graph } from "../define/graph.ts";
import { digest } from "../ground/digest.ts";
import { encodeValue } from "../ground/encode.ts";
import { definitionText } from "./fingerprint.ts";
import type { Around, Lineage } from "./lineage.ts";

export interface Origin {
  /** Names the run whose call gave it, which is not the run that restored it. */
  readonly run: string;
  /** The flow's name, and the task's name, kind, inputs, selectors and version. */
  readonly definition: string;
  /** The values it was given beside results: parameters, constants, the item and its index. Absent without any. */
  readonly given?: string;
  /** The runs whose calls gave the results that it was made from. Absent without dependencies. */
  readonly from?: string;
  /** Of an item that stands elsewhere now: where it stood when it was called, so that copies of it are known as one. */
  readonly item?: number;
}

/** The origins of the outputs of one run. An output without one cannot be compared, and is not restored. */
export interface Origins {
  /** That of a task or item that completed or was restored; none when something that it was given cannot be compared. */
  of(task: number): Origin | undefined;
}

export const NO_ORIGINS: Origins = { of: () => undefined };

/** A value that was given to a task and cannot be compared: which one, and why. */
export class Incomparable {
  readonly why: string;
  /** The value is not there: the run was called off before it was. */
  readonly unknown: boolean;
  constructor(why: string, unknown = false) {
    this.why = why;
    this.unknown = unknown;
  }
}

type Given = string | undefined | Incomparable;

/** Names one run. The instant tells runs apart to which the caller gave the same id. */
export function runDigest(runId: string, epochMs: number): string {
  return digest(JSON.stringify([runId, epochMs]));
}

/** A graph does not change, and most are run more than once. */
const definitionsOf = new WeakMap<Graph, (string | undefined)[]>();

/** What the tasks of a graph are made from in one run: definitions, and the values given to it. Each is digested once. */
export class Basis {
  readonly lineage: Lineage;
  /**
   * For a task that came up inside of another: what that one was given and made from. Its function may have closed over
   * any of it.
   */
  around: (around: Around) => string | Incomparable = () =>
    new Incomparable("its flow is not there");
  readonly #graph: Graph;
  readonly #params: ReadonlyMap<string, unknown>;
  readonly #definitions: (string | undefined)[];
  readonly #given: Map<number, Given> = new Map();
  /** Of maps: what every item is given beside itself. */
  readonly #shared: Map<number, Given> = new Map();
  readonly #texts: Map<string, string | Incomparable> = new Map();
  readonly #sources: Map<string, string> = new Map();

  constructor(lineage: Lineage, params: ReadonlyMap<string, unknown>) {
    const { graph } = lineage;
    this.lineage = lineage;
    this.#graph = graph;
    this.#params = params;
    this.#definitions = definitionsOf.get(graph) ?? [];
    definitionsOf.set(graph, this.#definitions);
  }

  /** An item has that of its map. */
  definition(task: number): string {
    const known = this.#definitions[task];
    if (known !== undefined) return known;
    const made = digest(definitionText(this.lineage, task));
    // What comes up is another one in each run.
    if (task < this.#graph.size) this.#definitions[task] = made;
    return made;
  }

  /** The parameters and constants that a task reads; `undefined` when it reads none. */
  given(task: number): Given {
    const { slots } = this.lineage.definition(task);
    if (this.lineage.isNext(task)) return this.#inside(task, this.#valuesOf(slots));
    if (!this.#given.has(task)) this.#given.set(task, this.#inside(task, this.#valuesOf(slots)));
    return this.#given.get(task);
  }

  /** What a task of a flow is given: that, and what the task was given that it came up inside of. */
  #inside(task: number, own: Given): Given {
    const around = own instanceof Incomparable ? undefined : this.lineage.around(task);
    if (around === undefined) return own;
    const given = this.around(around);
    return given instanceof Incomparable ? given : digest(`${given} ${String(own)}`);
  }

  /**
   * What an item is given: itself and what its map reads beside the list; and its place there, where the function may look
   * at that and no key says which item it is. One that cannot be compared is known by its key alone.
   */
  givenToItem(
    map: number,
    index: number,
    item: unknown,
    key: string | undefined,
  ): string | Incomparable {
    const { slots, run } = this.lineage.definition(map);
    if (!this.#shared.has(map)) {
      this.#shared.set(map, this.#inside(map, this.#valuesOf(slots.slice(1))));
    }
    const shared = this.#shared.get(map);
    if (shared instanceof Incomparable) return shared;
    const text = textOf(item);
    if (text instanceof Incomparable) {
      if (key !== undefined) return digest(`${shared} key ${key}`);
      return new Incomparable(`its item cannot be compared: ${text.why}`);
    }
    if (key !== undefined) return digest(`${shared} ${JSON.stringify(key)} ${text}`);
    return digest(`${shared} ${run.length === 1 ? "any" : index} ${text}`);
  }

  #valuesOf(slots: readonly Slot[]): Given {
    const said: unknown[] = [];
    for (const { to, kind, param, constant } of slots) {
      let value: string | Incomparable;
      if (param !== undefined) {
        value = this.#param(param.name);
      } else if (kind === "constant") {
        value = textOf(constant);
        if (value instanceof Incomparable) {
          return new Incomparable(`its input "${to}" cannot be compared: ${value.why}`);
        }
      } else continue;
      if (value instanceof Incomparable) return value;
      said.push([to, value]);
    }
    return said.length === 0 ? undefined : digest(JSON.stringify(said));
  }

  /** Many tasks may read a large one: it is encoded once. */
  #param(name: string): string | Incomparable {
    if (!this.#params.has(name)) {
      return new Incomparable(`its parameter "${name}" is not known`, true);
    }
    let known = this.#texts.get(name);
    if (known === undefined) {
      const text = textOf(this.#params.get(name));
      known =
        text instanceof Incomparable
          ? new Incomparable(`its parameter "${name}" cannot be compared: ${text.why}`)
          : digest(text);
      this.#texts.set(name, known);
    }
    return known;
  }

  /**
   * Stands for the run of a thing, which is made anew in each: what it is made from. Nothing, where that cannot be compared.
   */
  #thing(task: number, runOf: (dependency: number) => string | undefined): string | undefined {
    const given = this.given(task);
    if (given instanceof Incomparable) return undefined;
    return digest(JSON.stringify([this.definition(task), given, this.from(task, runOf)]));
  }

  /** The results that a task depends on, each named by its run; `undefined` without dependencies. */
  from(task: number, runOf: (dependency: number) => string | undefined): string | undefined {
    const sources = this.lineage.sources(task);
    if (sources.length === 0) return undefined;
    const nameOf = (dependency: number): string => {
      const thing = lives(this.lineage.definition(dependency));
      return (thing ? this.#thing(dependency, runOf) : runOf(dependency)) ?? "";
    };
    // Most come from one run: named once, with how often.
    let text = "";
    let run = nameOf(sources[0] as number);
    let count = 0;
    for (const source of sources) {
      const next = nameOf(source);
      if (next !== run) {
        text += `${count} of ${run}, `;
        run = next;
        count = 0;
      }
      count++;
    }
    text += `${count} of ${run}`;
    const known = this.#sources.get(text);
    if (known !== undefined) return known;
    const made = digest(text);
    this.#sources.set(text, made);
    return made;
  }
}

/** A value as a text that another value does not have. */
function textOf(value: unknown): string | Incomparable {
  const encoded = encodeValue(value);
  if (encoded.encoding === "omitted") return new Incomparable(encoded.detail ?? "it is too large");
  if (encoded.encoding === "undefined") return "nothing";
  try {
    // No JSON begins with that word: a record that looks like a tag is another value.
    const before = encoded.encoding === "tagged" ? "tagged " : "";
    return before + JSON.stringify(encoded.value);
  } catch {
    return new Incomparable("it is too large"); // Longer than a string can be.
  }
}
