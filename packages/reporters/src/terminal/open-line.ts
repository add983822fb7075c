/**
 * The line that others have begun on the screen and not ended: whether something can be shown below it while the cursor
 * stays at its end. Writes nothing.
 */
import stringWidth from "string-width";

/** Colours move no cursor. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;:]*m`, "g");
/** With anything else nobody knows where the cursor is. */
const ONLY_TEXT = /^\P{Cc}*$/u;
/** What half a character is read as, whose other half is still to come. */
const HALF = "\uFFFD";
/** A longer one is no line that a person reads. */
const LONGEST = 4096;

export class OpenLine {
  #text = "";
  #long = false;

  /** The cursor is at the beginning of a line. */
  get closed(): boolean {
    return this.#text === "" && !this.#long;
  }

  /** What stands below it can be drawn, and the cursor put back to its end. */
  surveyable(columns: number): boolean {
    if (this.closed) return true;
    if (this.#long || this.#text.endsWith(HALF)) return false;
    const text = this.#text.replaceAll(COLOURS, "");
    if (!ONLY_TEXT.test(text)) return false;
    const width = stringWidth(text);
    // At the margin a terminal waits with the break, and not all of them keep that in mind with the place.
    return width > 0 && width % columns !== 0;
  }

  /** Somebody has written this. */
  add(text: string): void {
    const end = text.lastIndexOf("\n");
    if (end >= 0) {
      this.#text = "";
      this.#long = false;
    }
    const rest = text.length - (end + 1);
    if (this.#long || this.#text.length + rest > LONGEST) {
      this.#text = "";
      this.#long = rest > 0 || this.#long;
    } else this.#text += text.slice(end + 1);
  }

  close(): void {
    this.#text = "";
    this.#long = false;
  }
}
