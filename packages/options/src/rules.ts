/** What an option may be. Each lets `undefined` pass, an option that was left out, but for `required`. Knows no option. */
import type { OptionCheck, Rule, Rules } from "./check.ts";
import { nearest } from "./guess.ts";
import { told } from "./told.ts";

/** `what` ends the sentence "Expected … to be". */
export function fits(what: string, holds: (value: unknown) => boolean): Rule {
  return (place, value, check) => {
    if (value !== undefined && !holds(value)) check.expected(place, what, value);
  };
}

/** `rule`, and it must be there. */
export function required(what: string, rule: Rule): Rule {
  return (place, value, check) => {
    if (value === undefined) check.expected(place, what, value);
    else rule(place, value, check);
  };
}

export const flag: Rule = fits("true or false", (value) => typeof value === "boolean");

export const text: Rule = fits("a text", (value) => typeof value === "string");

export const callable: Rule = fits("a function", (value) => typeof value === "function");

/** A number of something, `Infinity` included when `most` is. */
export function amount(what: string, least = 0, most: number = Number.MAX_VALUE): Rule {
  return fits(`${what} ${range(least, most)}`, (value) => isWithin(value, least, most));
}

export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER): Rule {
  return fits(
    `an integer ${range(least, most)}`,
    (value) => Number.isSafeInteger(value) && isWithin(value, least, most),
  );
}

export function oneOf(...choices: readonly string[]): Rule {
  const what = `one of ${choices.map((choice) => `"${choice}"`).join(", ")}`;
  return (place, value, check) => {
    if (value === undefined || choices.includes(value as string)) return;
    const guess = typeof value === "string" ? nearest(value, choices) : undefined;
    const hint = guess === undefined ? "" : ` Did you mean "${guess}"?`;
    check.fault(place, `Expected \`${place}\` to be ${what}, got ${told(value)}.${hint}`, guess);
  };
}

/** Options within options. */
export function record<O extends object>(rules: Rules<O>): Rule {
  return (place: string, value: unknown, check: OptionCheck) => {
    if (value !== undefined) check.record(place, value, rules);
  };
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}

function range(least: number, most: number): string {
  if (most >= Number.MAX_SAFE_INTEGER) return `from ${least} up`;
  return `from ${least} to ${most.toLocaleString("en-US")}`;
}
