/**
 * What options of a fleet, a worker and a task may be. A value that may be the URL of a store is repeated by no message,
 * wherever it was given: it may hold a password. Knows no option by itself.
 */
import { amount, fits, OptionCheck, type Rule, told } from "astrum-options";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class DiscreetCheck extends OptionCheck {
  override expected(place: string, what: string, value: unknown, got: string = shown(value)): void {
    super.expected(place, what, value, got);
  }
}

/** What was given instead, for a message. */
export function shown(value: unknown): string {
  const given = told(value);
  return /:\/\/|@/.test(typeof value === "string" ? value : given) ? HIDDEN : given;
}

export const HIDDEN = "something else (not shown: it may hold a password)";

/** Milliseconds that a timer can wait for. */
export function timerMs(least: number): Rule {
  return amount("a number of milliseconds", least, LONGEST_TIMER_MS);
}

/** What `keyPart` is, for `required`. */
export const KEY_PART = "a name of 1 to 128 characters without spaces, colons and braces";

/** A part of the name of every key in the store. */
export const keyPart: Rule = fits(
  KEY_PART,
  (value) => typeof value === "string" && /^[^\s:{}]{1,128}$/.test(value),
);

/** Its value is never part of a message. */
export const secret: Rule = (place, value, check) => {
  if (value === undefined || (typeof value === "string" && value.length >= 16)) return;
  check.expected(place, "a text of at least 16 characters", value, "something else (not shown)");
};
