/**
 * Errors as the texts a reader sees, within a budget: a run in which every task fails with a long stack still makes a page
 * that opens. When the budget is spent an error is its title alone. Knows no HTML.
 */
import type { SerializedError } from "@astrum/core";
import { errorText, errorTitle } from "../wording/outcome.ts";
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
    const whole = shortened(visibleLines(errorText(error)));
    // The same text twice is stored once.
    if (this.#seen.has(whole)) return whole;
    if (whole.length > this.#left) return cut(visibleLines(errorTitle(error)), TITLE);
    this.#left -= whole.length;
    this.#seen.add(whole);
    return whole;
  }
}

function shortened(text: string): string {
  const lines = text.split("\n");
  const kept = lines.slice(0, LINES).map((line) => cut(line, LINE));
  if (lines.length > LINES) kept.push(`… ${lines.length - LINES} lines more`);
  return kept.join("\n");
}
