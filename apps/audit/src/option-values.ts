/**
 * The values of options: read, checked, and when one is wrong, told with the way out. Each takes the list of problems
 * and adds to it, so that all of them are found; what it returns then is of no use. Knows no option but by its name.
 */
import { closest, distance } from "fastest-levenshtein";
import { type LimitedKind, limitedKinds } from "./verdict.ts";

export function wholeNumber(
  flag: string,
  text: string,
  problems: string[],
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > most) {
    const range = most < Number.MAX_SAFE_INTEGER ? `from 0 to ${most}` : "from 0 up";
    problems.push(`Expected "${flag}" to be a whole number ${range}, got "${text}"`);
  }
  return number;
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
      `Expected "${flag}" to be ${names.join(", ")}, got "${text}"${similar(text, names)}`,
    );
  }
  return found ?? (names[0] as Name);
}

/** In the order of `names`, each once. */
export function several<Name extends string>(
  flag: string,
  text: string,
  names: readonly Name[],
  problems: string[],
): readonly Name[] {
  if (text === "none") return [];
  const given = text.split(",").map((name) => name.trim());
  for (const name of given) {
    if ((names as readonly string[]).includes(name)) continue;
    const near = similar(name, names);
    problems.push(`"${flag}" takes ${names.join(", ")}, or "none", got "${name}"${near}`);
  }
  return names.filter((name) => given.includes(name));
}

export function share(flag: string, text: string, problems: string[]): number {
  const number = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || number > 1) {
    problems.push(`Expected "${flag}" to be a share from 0 to 1, such as 0.05, got "${text}"`);
  }
  return number;
}

export function collector(text: string | undefined, problems: string[]): string | undefined {
  if (text !== undefined && !(/^https?:/i.test(text) && URL.canParse(text))) {
    problems.push(`Expected "--otlp" to be a URL such as http://localhost:4318, got "${text}"`);
  }
  return text;
}

export function portOrFile(
  text: string | undefined,
  problems: string[],
): number | string | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return text;
  if (Number(text) > 65_535) {
    const way = `a file of that name is "./${text}"`;
    problems.push(`Expected "--metrics" to be a port up to 65535 or a file, got "${text}"; ${way}`);
  }
  return Number(text);
}

export function kinds(text: string, problems: string[]): LimitedKind[] {
  if (text === "none") return [];
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) {
    if ((limitedKinds as readonly string[]).includes(name)) continue;
    const known =
      name === "hotspots"
        ? "every repository has some, so they fail nothing"
        : `the kinds are ${limitedKinds.join(", ")}, or "none"`;
    problems.push(`"--fail-on" does not know "${name}"; ${known}`);
  }
  return limitedKinds.filter((kind) => names.includes(kind));
}

/** `. Did you mean "…"?`, or nothing when no name is near. */
export function similar(name: string, names: readonly string[], before = ""): string {
  const near = closest(name, [...names]);
  const isNear = distance(name, near) <= Math.max(1, Math.ceil(near.length / 3));
  return isNear ? `. Did you mean "${before}${near}"?` : "";
}
