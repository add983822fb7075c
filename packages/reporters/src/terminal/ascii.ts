/** The signs that we write ourselves, for terminals that show ASCII alone: one for one, so that every line keeps its width. */
import type { Environment } from "./mode.ts";

/**
 * Whether a terminal shows no more: by the character set of the locale, where one is named, and the console of Linux, whose
 * font lacks most signs. A log is read elsewhere, in whatever its reader has.
 */
export function asciiOnly(isTTY: boolean | undefined, env: Environment): boolean {
  if (isTTY !== true) return false;
  if (env.TERM === "linux") return true;
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(
    (one) => one !== undefined && one !== "",
  );
  if (locale === undefined) return false;
  const [, charset] = /\.([^@]+)/.exec(locale) ?? [];
  return charset === undefined ? locale === "C" || locale === "POSIX" : !/^utf-?8$/i.test(charset);
}

const INSTEAD: Readonly<Record<string, string>> = {
  "✓": "+",
  "✗": "x",
  "⊘": "-",
  "↷": ">",
  "↻": "@",
  "⇢": ">",
  "☠": "X",
  "…": "~",
  "≥": ">",
  "·": ".",
  "░": ".",
  "▒": "x",
  "▓": "=",
  "▁": "_",
  "▂": ".",
  "▃": ":",
  "▄": "-",
  "▅": "=",
  "▆": "+",
  "▇": "*",
  "█": "#",
};

const SIGNS = new RegExp(`[${Object.keys(INSTEAD).join("")}]`, "gu");

export function inAscii(text: string): string {
  return text.replaceAll(SIGNS, (sign) => INSTEAD[sign] ?? sign);
}
