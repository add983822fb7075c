/**
 * A value as JSON that comes back as it was. What JSON would lose or change is refused, with its path; a property that
 * is `undefined` is left out, which reads the same on the other side. Knows no job and no error.
 */

/** The first place in a value that cannot cross. */
export interface Obstacle {
  /** For example `input.items[3].createdAt`. */
  readonly path: string;
  /** Reads after "is": `a Date (send its ISO string)`. */
  readonly what: string;
}

const MAX_DEPTH = 200;
const RECORD_PROTOTYPES: ReadonlySet<unknown> = new Set([Object.prototype, null]);

/** `undefined` when the whole value crosses. `root` is what the value is called in the path. */
export function findObstacle(value: unknown, root: string): Obstacle | undefined {
  return obstacleIn(value, root, []);
}

function obstacleIn(value: unknown, path: string, inside: object[]): Obstacle | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return undefined;
      return { path, what: Object.is(value, -0) ? "-0" : String(value) };
    case "undefined":
      return { path, what: "undefined" };
    case "function":
      return { path, what: "a function" };
    case "symbol":
      return { path, what: "a symbol" };
    case "bigint":
      return { path, what: "a bigint (send it as a string)" };
    default:
      return value === null ? undefined : obstacleInside(value as object, path, inside);
  }
}

function obstacleInside(value: object, path: string, inside: object[]): Obstacle | undefined {
  if (inside.includes(value)) return { path, what: "a part of itself" };
  if (inside.length === MAX_DEPTH) return { path, what: `nested more than ${MAX_DEPTH} deep` };
  inside.push(value);
  try {
    return Array.isArray(value)
      ? obstacleInArray(value, path, inside)
      : obstacleInRecord(value, path, inside);
  } catch (error) {
    return { path, what: `an object that cannot be read (${String(error)})` };
  } finally {
    inside.pop();
  }
}

function obstacleInArray(
  value: readonly unknown[],
  path: string,
  inside: object[],
): Obstacle | undefined {
  for (let at = 0; at < value.length; at++) {
    const found = obstacleIn(value[at], `${path}[${at}]`, inside);
    if (found !== undefined) return found;
  }
  return undefined;
}

function obstacleInRecord(value: object, path: string, inside: object[]): Obstacle | undefined {
  if (!isRecord(value)) return { path, what: described(value) };
  if (Object.getOwnPropertySymbols(value).length > 0)
    return { path, what: "an object with a symbol as a key" };
  for (const key of Object.keys(value)) {
    const place = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key)
      ? `${path}.${key}`
      : `${path}[${JSON.stringify(key)}]`;
    // `toJSON` would be called, and `__proto__` does not come back as a property everywhere.
    if (key === "toJSON" || key === "__proto__") return { path: place, what: "a reserved name" };
    const part = (value as Record<string, unknown>)[key];
    if (part === undefined) continue;
    const found = obstacleIn(part, place, inside);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A plain object, of any realm. */
function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return RECORD_PROTOTYPES.has(prototype) || Object.hasOwn(prototype as object, "isPrototypeOf");
}

function described(value: object): string {
  if (value instanceof Date) return "a Date (send its ISO string)";
  if (value instanceof Map || value instanceof Set)
    return `a ${value.constructor.name} (send its entries)`;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return "binary data (store it, and send where it is)";
  const name: unknown = value.constructor?.name;
  const article = /^[AEIOU]/.test(String(name)) ? "an" : "a";
  return typeof name === "string" && name !== ""
    ? `${article} ${name} (send its plain fields)`
    : "an object of a class (send its plain fields)";
}
