/**
 * Text of unknown origin, made safe to show: what would act on a reader's screen (a control character, an escape
 * sequence, a direction override, half a surrogate pair) is replaced by a sign that can be seen.
 * Knows no format: quoting for XML, Markdown, DOT … is each format's own business.
 */

const ACTING = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}]/gu;
const ACTING_BUT_NEWLINE =
  /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}]/gu;

const ESCAPE = String.fromCharCode(0x1b);
/** CSI and OSC sequences (ECMA-48): colours, cursor movements, window titles, hyperlinks. */
const ESCAPE_SEQUENCE = new RegExp(
  `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${String.fromCharCode(7)}${ESCAPE}]*(?:${String.fromCharCode(7)}|${ESCAPE}\\\\))`,
  "g",
);

/** One line. A newline becomes `␊`, an escape `␛`, a direction override `\u202e`, half a pair U+FFFD. */
export function visible(text: string): string {
  return text.replace(ACTING, signFor);
}

/** The name of a task on one line; one that is blank stands in quotes, to have something to look at. */
export function visibleName(name: string): string {
  return name.trim() === "" ? `"${visible(name)}"` : visible(name);
}

/** Several lines: line breaks stay, colours and cursor movements are dropped, the rest is as in `visible`. */
export function visibleLines(text: string): string {
  return text
    .replace(ESCAPE_SEQUENCE, "")
    .replace(/\r\n?/g, "\n")
    .replace(ACTING_BUT_NEWLINE, (character) => (character === "\t" ? "  " : signFor(character)));
}

/** The first line of a message, without colours. */
export function visibleMessage(text: string): string {
  return visible(firstLine(text.replace(ESCAPE_SEQUENCE, "")));
}

/** At most `limit` code points, the last one an ellipsis when something was cut off. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  // A code point is two units at most: what lies beyond cannot be among the first `limit`.
  const points = Array.from(text.slice(0, 2 * limit + 2));
  return points.length <= limit ? text : `${points.slice(0, limit - 1).join("")}…`;
}

function firstLine(text: string): string {
  const trimmed = text.trimStart();
  const end = trimmed.search(/[\r\n]/);
  return end < 0 ? trimmed : trimmed.slice(0, end);
}

function signFor(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  if ((code >= 0xd800 && code <= 0xdfff) || (code & 0xfffe) === 0xfffe) return "\ufffd";
  if (code >= 0xfdd0 && code <= 0xfdef) return "\ufffd";
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
