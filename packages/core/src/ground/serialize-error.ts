/**
 * Errors as JSON, bounded and without surprises: whatever a getter of the user does, nothing here throws, and what is left
 * out says so. Knows no task and no line for people.
 */
import { causesOf } from "./causes.ts";
import { describe } from "./describe.ts";
import { type EncodedValue, encodeValue } from "./encode.ts";

export interface SerializedError {
  name: string;
  message: string;
  stack?: string;
  code?: string | number;
  cause?: SerializedError;
  errors?: SerializedError[];
  /** Its other own fields that JSON can hold. */
  data?: Record<string, unknown>;
  truncated?: true;
}

const MAX_CAUSES = 8;
const MAX_ERRORS = 50;
const MAX_TEXT = 16_384;
/** Values and characters of one field. */
const MAX_FIELD = 1_000_000;
/** Errors of one tree, and characters of all their texts: aggregates of aggregates grow fast. */
const MAX_TREE = 500;
const MAX_TREE_TEXT = 1_000_000;
/** When these are spent an error is its message without its stack, and of that so much. */
const SHORT_TEXT = 500;

/**
 * An error as the report holds it, for observers that write one down: with its causes (8 deep, of a longer chain the last is
 * the root), its `errors` (50) and its own fields; at most 500 errors in all, texts end at 16,384 characters, and what was
 * left out says `truncated`. The stack is as it was thrown: `readableStack` leaves out what is not for people. A value that
 * is no error is described as one. Never throws.
 */
export function serializeError(error: unknown): SerializedError {
  return serialized(error, 0, { seen: new Set(), errors: MAX_TREE, text: MAX_TREE_TEXT });
}

/** What one tree of errors may still use. */
interface Tree {
  readonly seen: Set<unknown>;
  errors: number;
  text: number;
}

function serialized(error: unknown, depth: number, tree: Tree): SerializedError {
  tree.errors--;
  try {
    if (typeof error !== "object" || error === null)
      return { name: "Error", message: describe(error) };
    const { name, message, stack, code, cause, errors } = error as Record<string, unknown>;
    const most = tree.text > 0 ? MAX_TEXT : SHORT_TEXT;
    const result: SerializedError = {
      name: typeof name === "string" ? name.slice(0, 256) : "Error",
      message: typeof message === "string" ? message.slice(0, most) : describe(error),
    };
    // In full where it comes first: causes can go in circles, and many errors can share one.
    if (tree.seen.has(error)) return { ...result, truncated: true };
    tree.seen.add(error);
    if (typeof stack === "string" && tree.text > 0) result.stack = stack.slice(0, MAX_TEXT);
    if (typeof stack === "string" && tree.text <= 0) result.truncated = true;
    tree.text -= result.message.length + (result.stack?.length ?? 0);
    if (typeof code === "string" || Number.isFinite(code)) result.code = code as string | number;
    if (typeof message === "string" && message.length > most) result.truncated = true;
    if (cause !== undefined && cause !== null) addCause(result, cause, depth, tree);
    if (Array.isArray(errors)) addMembers(result, errors, depth, tree);
    const data = ownFields(error);
    if (data !== undefined) result.data = data;
    return result;
  } catch {
    // It does not let itself be read: all that is known is what kind of value it is.
    return { name: "Error", message: describe(error), truncated: true };
  }
}

function addCause(result: SerializedError, cause: unknown, depth: number, tree: Tree): void {
  if (depth >= MAX_CAUSES || tree.errors <= 0) {
    result.truncated = true;
    return;
  }
  // The last of a longer chain: why all of it happened.
  const root = depth === MAX_CAUSES - 1 ? causesOf(cause).at(-1) : cause;
  if (root !== cause) result.truncated = true;
  result.cause = serialized(root, depth + 1, tree);
}

function addMembers(
  result: SerializedError,
  errors: readonly unknown[],
  depth: number,
  tree: Tree,
): void {
  const count = depth < MAX_CAUSES ? Math.min(errors.length, MAX_ERRORS) : 0;
  const members: SerializedError[] = [];
  for (let at = 0; at < count && tree.errors > 0; at++) {
    members.push(serialized(errors[at], depth + 1, tree));
  }
  if (depth < MAX_CAUSES) result.errors = members;
  if (members.length < errors.length) result.truncated = true;
}

const KNOWN_FIELDS = new Set(["name", "message", "stack", "code", "cause", "errors", "__proto__"]);

function ownFields(error: object): Record<string, unknown> | undefined {
  let data: Record<string, unknown> | undefined;
  for (const key of Object.keys(error).slice(0, 50)) {
    if (KNOWN_FIELDS.has(key)) continue;
    const encoded = encodeField(error as Record<string, unknown>, key);
    if (encoded?.encoding !== "json") continue;
    data ??= {};
    data[key] = encoded.value;
  }
  return data;
}

function encodeField(
  error: Readonly<Record<string, unknown>>,
  key: string,
): EncodedValue | undefined {
  try {
    return encodeValue(error[key], { most: MAX_FIELD });
  } catch {
    return undefined; // A getter that throws.
  }
}
