/** A thrown value as JSON, bounded: never throws, whatever a getter of the user does. */
import type { SerializedError } from "@astrum/core";

const CAUSES = 8;
const ERRORS = 20;
const CHARACTERS = 16_384;

export function serialisedError(thrown: unknown, depth = 0): SerializedError {
  try {
    if (typeof thrown !== "object" || thrown === null) {
      return { name: "Error", message: String(thrown).slice(0, CHARACTERS) };
    }
    const { name, message, stack, code, cause, errors } = thrown as Record<string, unknown>;
    const error: SerializedError = {
      name: typeof name === "string" ? name.slice(0, 256) : "Error",
      message: typeof message === "string" ? message.slice(0, CHARACTERS) : "no message",
    };
    if (typeof stack === "string") error.stack = stack.slice(0, CHARACTERS);
    if (typeof code === "string" || typeof code === "number") error.code = code;
    const data = ownFields(thrown);
    if (data !== undefined) error.data = data;
    if (depth >= CAUSES) {
      if (cause !== undefined || errors !== undefined) error.truncated = true;
      return error;
    }
    if (cause !== undefined) error.cause = serialisedError(cause, depth + 1);
    if (Array.isArray(errors)) {
      error.errors = errors.slice(0, ERRORS).map((one) => serialisedError(one, depth + 1));
      if (errors.length > ERRORS) error.truncated = true;
    }
    return error;
  } catch {
    return { name: "Error", message: "an error that cannot be read", truncated: true };
  }
}

const KNOWN_FIELDS = new Set(["name", "message", "stack", "code", "cause", "errors"]);
const FIELDS = 20;

/** Its other fields, as far as they are plain values. */
function ownFields(thrown: object): Record<string, unknown> | undefined {
  const fields: [string, unknown][] = [];
  for (const key of Object.keys(thrown).slice(0, FIELDS)) {
    if (KNOWN_FIELDS.has(key)) continue;
    const value: unknown = Reflect.get(thrown, key);
    if (typeof value === "string") fields.push([key, value.slice(0, CHARACTERS)]);
    else if (typeof value === "boolean" || Number.isFinite(value)) fields.push([key, value]);
  }
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}
