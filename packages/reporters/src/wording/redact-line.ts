/**
 * Takes secrets out of the lines of an event log, as `redact` does out of a report. Each line is looked at alone: what is
 * written is written for good. Knows no file.
 */
import type { EncodedValue } from "@astrum/core";
import { withoutCredentials, withoutUrlSecrets } from "./credentials.ts";
import {
  DistinctNames,
  outputOf,
  type Redaction,
  Scrub,
  type TextRule,
  textRule,
} from "./redact.ts";

/** Properties of a line that hold a sentence of somebody's, or a record of the user's. */
const SAID = new Set([
  "message",
  "stack",
  "errorMessage",
  "reason",
  "errorSummary",
  "key",
  "description",
]);
const OWN = new Set(["attributes", "data"]);
/** Properties of a line whose values are words of the format. */
const WORDS = new Set(["type", "from", "to", "executionState"]);

export interface LineRedactor {
  /** Whether nothing in a line with this body is ever taken out. */
  passes(body: object): boolean;
  /** The line without secrets. */
  line(line: object): object;
}

/**
 * For lines of an event log: the same rules, on each line alone. Names of tasks are kept apart for each run, in the order
 * in which they come.
 */
export function lineRedactor(redaction: Redaction | undefined): LineRedactor {
  if (redaction === false) return { passes: () => true, line: (line) => line };
  const rewrite = textRule(redaction);
  const names = rewrite && new LineNames(rewrite);
  const passes = (body: LineParts): boolean => rewrite === undefined && isOurs(body);
  const line = (line: object): object => {
    const clean = credentialsOfLine(line) as LineParts;
    const scrub = rewrite && new Scrub(rewrite, names?.of(clean) ?? new Map());
    if (scrub === undefined && clean.output === undefined) return clean;
    return Object.fromEntries(
      Object.entries(clean).map(([key, value]: [string, unknown]) => {
        if (key === "output") return [key, outputOf(value as EncodedValue, scrub)];
        // Digests are no texts: a rule for keys of so many digits must not find them.
        if (key === "origin") return [key, value];
        return [key, WORDS.has(key) ? value : (scrub?.field(key, value) ?? value)];
      }),
    );
  };
  return { passes, line };
}

/** Lines in which every word is the format's, or the name of something: most of them. */
function isOurs({ type, info, facts, outcome }: LineParts): boolean {
  switch (type) {
    case "attempt.start":
      return true;
    case "task.status":
      return facts === undefined && info?.key === undefined && info?.description === undefined;
    case "attempt.end":
    case "task.end":
      return outcome?.status === "completed";
    default:
      return false;
  }
}

interface LineParts {
  readonly type?: string;
  readonly info?: { readonly key?: unknown; readonly description?: unknown } | undefined;
  readonly facts?: unknown;
  readonly outcome?: { readonly status?: unknown };
  readonly run?: unknown;
  readonly task?: unknown;
  readonly output?: EncodedValue;
}

/** So many runs at once are told apart; a log of journals alone never says that one has ended. */
const RUNS = 1000;

/** Two names that differ only in the secret must stay two, or what is said of one task would be said of another. */
class LineNames {
  readonly #rewrite: TextRule;
  readonly #runs: Map<unknown, DistinctNames> = new Map();

  constructor(rewrite: TextRule) {
    this.#rewrite = rewrite;
  }

  of({ run, task, type }: LineParts): ReadonlyMap<string, string> {
    let names = this.#runs.get(run);
    if (names === undefined) {
      names = new DistinctNames();
      this.#runs.set(run, names);
      const [oldest] = this.#runs.keys();
      if (this.#runs.size > RUNS) this.#runs.delete(oldest);
    }
    if (typeof task === "string") names.add(task, this.#rewrite(task, ["task"]));
    if (type === "run.end") this.#runs.delete(run);
    return names.all;
  }
}

/** Most lines have nothing to take out: they are handed back as they are, for copying costs as much as writing. */
function credentialsOfLine(value: unknown, key = ""): unknown {
  if (typeof value === "string") return SAID.has(key) ? withoutUrlSecrets(value) : value;
  if (value === null || typeof value !== "object") return value;
  if (key === "output") return value;
  if (OWN.has(key)) return withoutCredentials(value);
  let copy: Record<string, unknown> | unknown[] | undefined;
  for (const [name, item] of Object.entries(value)) {
    const clean = credentialsOfLine(item, Array.isArray(value) ? key : name);
    if (clean === item) continue;
    copy ??= Array.isArray(value) ? [...value] : { ...value };
    Reflect.set(copy, name, clean);
  }
  return copy ?? value;
}
