/**
 * Strings that look drawn by chance and are assigned to a name that asks for a secret: `apiKey: "…"`, `DB_PASSWORD=…`.
 * A likely secret by its name and its entropy together; either alone is none.
 */
import { type Candidate, isTestOrExample } from "./issued-credentials.ts";
import { isPlaceholder } from "./placeholder.ts";

/** The last word of a name that holds a secret; `tokenType` and `passwordField` do not. */
const name =
  "[\\w.-]*?(?:secret|token|password|passwd|passphrase|pwd|credentials?|(?:api|access|secret|private|auth|signing|encryption|master|client)[_-]?key)";

/** `name = "value"`, `name: 'value'`, `"name": "value"`, `name := "value"`, `name => "value"`. */
const quoted = new RegExp(
  `["'\`]?\\b(${name})["'\`]?\\s*(?::=|=>|[:=])\\s*(["'\`])([^"'\`\\s]{16,200})\\2`,
  "gi",
);

/** `NAME=value` and `name: value` in files that need no quotes. */
const bare = new RegExp(
  `^[ \\t]*(?:export[ \\t]+)?(${name})[ \\t]*[:=][ \\t]*()([^\\s"'\`#;,]{16,200})[ \\t]*$`,
  "gim",
);
const withoutQuotes = /(^|\/)\.env(\.[^/]*)?$|\.(ini|cfg|conf|properties|ya?ml|toml|npmrc|netrc)$/i;

export function assignedSecrets(path: string, text: string): Candidate[] {
  if (isTestOrExample(path)) return [];
  const candidates: Candidate[] = [];
  for (const pattern of withoutQuotes.test(path) ? [quoted, bare] : [quoted]) {
    for (const match of text.matchAll(pattern)) {
      const [whole, name = "", , value = ""] = match;
      if (!looksRandom(value) || isPlaceholder(value)) continue;
      const at = match.index + whole.lastIndexOf(value);
      candidates.push({ what: `value of "${name}"`, at, value, prefix: "" });
    }
  }
  return candidates;
}

/** Bits a character below which a string is no secret. Sixteen different characters have 4, a hexadecimal digit at most 4. */
const leastEntropy = 3.2;
/** How often letters and digits must take turns; names and versions do once or twice, random ones at every third character. */
const fewestTurns = 4;

function looksRandom(value: string): boolean {
  if (!/^[A-Za-z0-9+/_=.~!@#$%^&*-]+$/.test(value)) return false;
  const turns = value.match(/[A-Za-z](?=\d)|\d(?=[A-Za-z])/g)?.length ?? 0;
  return turns >= fewestTurns && entropyOf(value) >= leastEntropy;
}

/** Shannon's (1948), of the characters of the string. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
