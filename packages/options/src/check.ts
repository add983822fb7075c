/**
 * Collects what is wrong with what a function is told, so that one error says it all before anything ran. Knows records and
 * names; what a value may be is in `rules`.
 */
import { nearest } from "./guess.ts";
import { told } from "./told.ts";

/** Adds to `check` what is wrong with `value`, which stands at `place`: `labels.task`. Never throws. */
export type Rule = (place: string, value: unknown, check: OptionCheck) => void;

/** A rule for every option there is. */
export type Rules<O> = { readonly [K in keyof Required<O>]: Rule };

export interface Fault {
  /** `labels.task`; of the options as a whole, an empty text. */
  readonly place: string;
  readonly message: string;
  /** The name that was probably meant. */
  readonly suggestion?: string;
}

/** @throws TypeError that lists everything that is wrong: ``renderJson(): Unknown option `ident`. Did you mean "indent"?`` */
export function checkOptions<O extends object>(who: string, options: O, rules: Rules<O>): void {
  const check = new OptionCheck(who);
  check.record("", options, rules);
  check.done();
}

export class OptionCheck {
  readonly faults: Fault[] = [];
  readonly who: string;

  /** `who`: the function as it is called, without parentheses. */
  constructor(who: string) {
    this.who = who;
  }

  fault(place: string, message: string, suggestion?: string): void {
    this.faults.push(
      suggestion === undefined ? { place, message } : { place, message, suggestion },
    );
  }

  /** `got`: how the value is told, for one that nobody may see. */
  expected(place: string, what: string, value: unknown, got: string = told(value)): void {
    const subject = place === "" ? "its options" : `\`${place}\``;
    this.fault(place, `Expected ${subject} to be ${what}, got ${got}.`);
  }

  /** A record that has only names of `rules`, whose values follow them; `undefined` is one without any. */
  record(place: string, given: unknown, rules: Readonly<Record<string, Rule>>): void {
    const value = given === undefined ? {} : given;
    if (!isRecord(value)) {
      this.expected(place, "an object", value);
      return;
    }
    const known = Object.keys(rules);
    for (const name of Object.keys(value))
      if (!known.includes(name)) this.#unknown(place, name, known);
    for (const name of known) {
      rules[name]?.(place === "" ? name : `${place}.${name}`, value[name], this);
    }
  }

  #unknown(place: string, name: string, known: readonly string[]): void {
    const guess = nearest(name, known);
    const where = place === "" ? "" : ` of \`${place}\``;
    const way = guess === undefined ? `There are ${known.join(", ")}.` : `Did you mean "${guess}"?`;
    const path = place === "" ? name : `${place}.${name}`;
    this.fault(path, `Unknown option \`${name}\`${where}. ${way}`, guess);
  }

  /** @throws TypeError when there were any. */
  done(): void {
    if (this.faults.length === 0) return;
    const messages = this.faults.map(({ message }) => message);
    throw new TypeError(`${this.who}(): ${messages.join("\n  ")}`);
  }
}

/**
 * What has values under names. A list, a `Map`, a pattern or a date looks like a record that is empty, and a promise has not
 * got them yet.
 */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  try {
    if (Object.prototype.toString.call(value) !== "[object Object]") return false;
    return typeof (value as { then?: unknown }).then !== "function";
  } catch {
    return false; // A proxy that refuses to be looked at.
  }
}
