/** A value in a few words, for a message; it never throws, whatever the value does. Knows no option. */

const SHOWN = 80;

/** Texts, numbers and their like as they are, but short; of everything else what it is. */
export function told(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN - 1)}…` : value);
    case "bigint":
      return `${value}n`;
    case "function":
      return "a function";
    case "object":
      return value === null ? "null" : toldObject(value);
    default:
      return String(value);
  }
}

function toldObject(value: object): string {
  try {
    if (Array.isArray(value)) return "an array";
    if (typeof (value as { then?: unknown }).then === "function") return "a promise";
    const name: unknown = value.constructor?.name;
    if (typeof name !== "string" || name === "" || name === "Object") return "an object";
    return `a ${name.slice(0, SHOWN)}`;
  } catch {
    return "an object"; // A proxy that refuses to be looked at.
  }
}
