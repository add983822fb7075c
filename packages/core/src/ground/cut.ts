/** A text that is no longer than it may be: what was cut ends with `…`. Knows no other value. */

/** Never through the middle of a pair of surrogates. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
