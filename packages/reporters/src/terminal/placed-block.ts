/**
 * Lines at the bottom of a screen, put there and taken away again, as text for the terminal. The cursor rests below them, where a
 * shell goes on after Ctrl-C; or above them, at the end of what was written last, when somebody else may write next. Writes
 * nothing itself, and knows not what the lines say.
 *
 * Sequences: ECMA-48, and for DECSC, DECRC and IND the VT510 manual; synchronised output as in
 * gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036, which terminals that do not know it pass over.
 */
import stringWidth from "string-width";

const ESCAPE = "\u001B";
const DOWN = `${ESCAPE}D`;
const KEEP_PLACE = `${ESCAPE}7`;
const BACK_TO_PLACE = `${ESCAPE}8`;
const PLAIN = `${ESCAPE}[0m`;
const ERASE_FROM_HERE = `${ESCAPE}[J`;

/** What is between them appears at once. */
export const BEGIN_AT_ONCE: string = `${ESCAPE}[?2026h`;
export const END_AT_ONCE: string = `${ESCAPE}[?2026l`;

/** Where the cursor is when the block has been placed. */
export type Rest = "below" | "above";

export class PlacedBlock {
  #lines: readonly string[] = [];
  #columns = 0;
  #rest: Rest = "below";

  /** The same lines are there already. */
  has(lines: readonly string[], columns: number, rest: Rest): boolean {
    return (
      this.#lines.length === lines.length &&
      this.#columns === columns &&
      this.#rest === rest &&
      lines.every((line, at) => line === this.#lines[at])
    );
  }

  /** What puts the lines below what was written, the cursor at its end. None may be wider than the terminal. */
  place(lines: readonly string[], columns: number, rest: Rest): string {
    this.#lines = lines;
    this.#columns = columns;
    this.#rest = rest;
    if (lines.length === 0) return "";
    if (rest === "below") return `${lines.join("\n")}\n`;
    // The room first: what scrolls would move the place that is kept.
    const room = `${DOWN.repeat(lines.length)}${ESCAPE}[${lines.length}A`;
    return `${room}${KEEP_PLACE}${PLAIN}\r\n${lines.join("\r\n")}${BACK_TO_PLACE}`;
  }

  /** What takes them away. The cursor is then where they began, or where it rested above them. */
  erase(columns: number): string {
    const rows = this.#rows(columns);
    const above = this.#rest === "above";
    this.#lines = [];
    if (rows === 0) return "";
    return above ? ERASE_FROM_HERE : `\r${ESCAPE}[${rows}A${ERASE_FROM_HERE}`;
  }

  /** As many as a terminal has made of the lines that has become narrower since. */
  #rows(columns: number): number {
    if (columns >= this.#columns) return this.#lines.length;
    return this.#lines.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / columns)),
      0,
    );
  }
}
