/** What any value is called where a person reads of it: in a message, and as the type of an output. Changes no value. */
import { brandOf } from "./brand.ts";
import { cut } from "./cut.ts";

const MAX_LENGTH = 80;

/** A short, bounded description that never throws, whatever the value does. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(cut(value, MAX_LENGTH));
    case "bigint":
      return cut(`${value}n`, MAX_LENGTH);
    case "function":
      return "a function";
    case "object":
      if (value === null) return "null";
      try {
        if (Array.isArray(value)) return "an array";
        if (typeof (value as { then?: unknown }).then === "function") return "a promise";
        const made = brandOf(value);
        if (made !== undefined) return cut(made.what, MAX_LENGTH);
        const name: unknown = value.constructor?.name;
        return typeof name === "string" && name !== "" && name !== "Object"
          ? `a ${name.slice(0, MAX_LENGTH)}`
          : "an object";
      } catch {
        return "an object";
      }
    default:
      return cut(String(value), MAX_LENGTH);
  }
}

/** The type of an output, and its size where it has an obvious one. */
export function describeOutput(value: unknown): { type: string; size?: number } {
  if (value === null) return { type: "null" };
  if (typeof value === "string") return { type: "string", size: value.length };
  if (typeof value !== "object") return { type: typeof value };
  try {
    if (Array.isArray(value)) return { type: "Array", size: value.length };
    const name: unknown = value.constructor?.name;
    const type = typeof name === "string" && name !== "" ? name.slice(0, 80) : "object";
    const { size, byteLength } = value as { size?: unknown; byteLength?: unknown };
    if (typeof byteLength === "number") return { type, size: byteLength };
    if ((value instanceof Map || value instanceof Set) && typeof size === "number")
      return { type, size };
    return { type };
  } catch {
    return { type: "object" };
  }
}
