/**
 * Errors as the texts a reader sees, within a budget: a run in which every task fails with a long stack still makes a page
 * that opens. When the budget is spent an error is its title alone. Knows no HTML.
 */
import type { SerializedError } from "@astrum/core";
import { errorText, errorTitle } from "../wording/error-text.ts";
import { cut, visibleLines } from "../wording/visible.ts";

const LINES = 60;
const LINE = 400;
const TITLE = 500;
const CHARACTERS = 1_500_000;

export class ErrorTexts {
  #left = CHARACTERS;
  readonly #seen: Set<string> = new Set();

  /** Empty for no error. */
  of(error: SerializedError | undefined): string {
    if (error === undefined) return "";
    const whole = visibleLines(errorText(error, LINES))
      .split("\n")
      .map((line) => cut(line, LINE))
      .join("\n");
    // The same text twice is stored once.
    if (this.#seen.has(whole)) return whole;
    if (whole.length > this.#left) return visibleLines(errorTitle(error, TITLE));
    this.#left -= whole.length;
    this.#seen.add(whole);
    return whole;
  }
}
