/**
 * The values of options: read, checked, and when one is wrong, told with the way out. Each takes the list of problems and
 * adds to it; what it returns then is of no use. Knows no option but by its name.
 */
import { nearest } from "astrum-options";

/** `. Did you mean "…"?`, or nothing when no name is near. */
export function didYouMean(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? "" : `. Did you mean "${near}"?`;
}

export function oneOf<Name extends string>(
  flag: string,
  text: string,
  names: readonly Name[],
  problems: string[],
): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) {
    problems.push(
      `Expected "${flag}" to be ${names.join(", ")}, got "${text}"${didYouMean(text, names)}`,
    );
  }
  return found ?? (names[0] as Name);
}

/** A decimal number, not below 0; `undefined` when it is not given. */
export function amount(
  flag: string,
  text: string | undefined,
  what: string,
  problems: string[],
): number | undefined {
  if (text === undefined) return undefined;
  if (isDecimal(text)) return Number(text);
  problems.push(`Expected "${flag}" to be ${what}, got "${text}"`);
  return undefined;
}

/** A whole number from 1 up, or `unlimited`. */
export function atOnce(
  flag: string,
  text: string | undefined,
  problems: string[],
): number | undefined {
  if (text === undefined) return undefined;
  if (text === UNLIMITED) return Number.POSITIVE_INFINITY;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text)) && Number(text) > 0) {
    return Number(text);
  }
  problems.push(
    `Expected "${flag}" to be a whole number from 1 up, or "${UNLIMITED}", got "${text}"`,
  );
  return undefined;
}

const UNLIMITED = "unlimited";

/**
 * `NAME=VALUE`, given as often as there are names: the last `=` counts, for names may hold others. `read` is told the flag with
 * the name, `--map read`.
 */
export function named(
  flag: string,
  texts: readonly string[],
  read: (flag: string, value: string) => number | undefined,
  problems: string[],
): Readonly<Record<string, number>> | undefined {
  if (texts.length === 0) return undefined;
  const values = new Map<string, number>();
  for (const text of texts) {
    const at = text.lastIndexOf("=");
    const [name, value] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
    if (name === "" || value === "") {
      problems.push(`Expected "${flag}" to be a name and a number, such as db=12, got "${text}"`);
    } else if (values.has(name)) {
      problems.push(`"${flag} ${name}" is given more than once`);
    } else {
      values.set(name, read(`${flag} ${name}`, value) ?? 0);
    }
  }
  return Object.fromEntries(values);
}

/** Units of something: a decimal number not below 0, or `unlimited`. */
export function units(flag: string, text: string, problems: string[]): number | undefined {
  if (text === UNLIMITED) return Number.POSITIVE_INFINITY;
  return amount(flag, text, `a number from 0 up, or "${UNLIMITED}"`, problems);
}

/** Patterns of what must not leave. */
export function patterns(
  flag: string,
  texts: readonly string[],
  problems: string[],
): readonly RegExp[] | undefined {
  if (texts.length === 0) return undefined;
  return texts.flatMap((text) => {
    try {
      return [new RegExp(text, "gu")];
    } catch (error) {
      problems.push(`Expected "${flag}" to be a regular expression: ${(error as Error).message}`);
      return [];
    }
  });
}

function isDecimal(text: string): boolean {
  return /^(\d+\.?\d*|\.\d+)$/.test(text) && Number.isFinite(Number(text));
}
