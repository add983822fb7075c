/** What may be given as `redact`, so that no secret is shown because the way to hide it was written wrong. Knows no report. */
import { type Rule, told } from "astrum-options";

const EXPECTED = "false, a list of texts and patterns, or a function";

/** Nothing that was given is shown in a message: it may be the secret. */
export const redactRule: Rule = (place, value, check) => {
  if (value === undefined || value === false || typeof value === "function") return;
  if (!Array.isArray(value)) {
    check.expected(place, EXPECTED, value, typeof value === "string" ? "a text" : told(value));
    return;
  }
  for (const [index, entry] of (value as unknown[]).entries()) {
    if (entry instanceof RegExp || (typeof entry === "string" && entry !== "")) continue;
    const got = entry === "" ? "an empty text" : told(entry);
    check.fault(
      `${place}.${index}`,
      `Expected each entry of \`${place}\` to be a pattern or a text that is not empty, got ${got}. Leave out a secret that is not set.`,
    );
  }
};
