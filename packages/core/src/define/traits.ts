/**
 * What the run machine is told of a task: numbers and words, no function and no name. Tasks of equal options share one
 * record, so that a run of thousands of equal tasks knows one. Knows no run.
 */
import { type Definition, lives, maxRetriesOf } from "./definition.ts";

export interface Traits {
  /** Attempts that may follow the first. */
  readonly retries: number;
  /** Its failure stops nothing. */
  readonly tolerated: boolean;
  /** Who is given a value when it has failed for good: the task, or each item of the map. */
  readonly fallback: "task" | "item" | undefined;
  /** A map whose items fail alone: it completes with what became of each. */
  readonly settles: boolean;
  /** A stop spares its attempts. */
  readonly uninterruptible: boolean;
  /** Something must be resolved, checked or asked before it may queue. */
  readonly asks: boolean;
  /** Its value is to be released when its last reader has ended. */
  readonly lives: boolean;
  /** How many of its items may be let in at once, when it is a map. */
  readonly itemLimit: number;
  /** For all attempts together, from the start of the first. */
  readonly deadlineMs: number;
  readonly priority: number;
  /** What an attempt holds while it runs, or spends, by resource. */
  readonly resources: Readonly<Record<string, number | "computed">> | undefined;
}

const PLAIN: Traits = Object.freeze({
  retries: 0,
  tolerated: false,
  fallback: undefined,
  settles: false,
  uninterruptible: false,
  asks: false,
  lives: false,
  itemLimit: Number.POSITIVE_INFINITY,
  deadlineMs: Number.POSITIVE_INFINITY,
  priority: 0,
  resources: undefined,
});

/** The traits of all tasks of a graph. */
export class TraitTable {
  /** Whether any task asks. */
  readonly asks: boolean;
  /** None when all tasks are plain. */
  readonly #byTask: readonly Traits[] | undefined;

  constructor(definitions: readonly Definition[]) {
    let byTask: Traits[] | undefined;
    let asks = false;
    const shared = new Map<string, Traits>();
    for (let task = 0; task < definitions.length; task++) {
      const definition = definitions[task] as Definition;
      if (definition.options === undefined && !definition.prepares) continue;
      if (definition.prepares) asks = true;
      byTask ??= new Array<Traits>(definitions.length).fill(PLAIN);
      const traits = traitsOf(definition);
      const key = Object.values(traits).map(textOf).join();
      const known = shared.get(key);
      if (known === undefined) shared.set(key, traits);
      byTask[task] = known ?? traits;
    }
    this.asks = asks;
    this.#byTask = byTask;
  }

  of(task: number): Traits {
    return this.#byTask === undefined ? PLAIN : (this.#byTask[task] as Traits);
  }

  /** Whether no task has options or asks. */
  get plain(): boolean {
    return this.#byTask === undefined;
  }
}

/** What a run is told of one task; of all tasks without options the same. */
export function traitsOf(definition: Definition): Traits {
  const { kind, options, prepares } = definition;
  if (options === undefined && !prepares) return PLAIN;
  const whose = kind === "map" ? "item" : "task";
  return Object.freeze({
    retries: maxRetriesOf(definition),
    tolerated: options?.onFailure === "ignore",
    fallback: options?.fallback === undefined ? undefined : whose,
    settles: options?.items === "settled",
    uninterruptible: options?.uninterruptible === true,
    asks: prepares,
    lives: lives(definition),
    itemLimit: options?.concurrency ?? Number.POSITIVE_INFINITY,
    deadlineMs: options?.deadlineMs ?? Number.POSITIVE_INFINITY,
    priority: options?.priority ?? 0,
    resources: options?.resources && amountsOf(options.resources),
  });
}

/** No function: what it will say is told with the task's inputs. */
function amountsOf(
  resources: Readonly<Record<string, unknown>>,
): Readonly<Record<string, number | "computed">> {
  const amounts = Object.entries(resources).map(
    ([name, one]) => [name, typeof one === "function" ? "computed" : one] as const,
  );
  return Object.fromEntries(amounts) as Record<string, number | "computed">;
}

/** A text for each value of a trait; of resources for each set of amounts. */
function textOf(value: Traits[keyof Traits]): string {
  return typeof value === "object" ? JSON.stringify(Object.entries(value)) : `${value}`;
}
