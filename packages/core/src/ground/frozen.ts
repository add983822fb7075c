/** A copy of JSON that nobody can change: what is handed to observers must not be a way into the report. */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  const copy: unknown = Array.isArray(value)
    ? value.map(frozen)
    : // `fromEntries` defines: `__proto__` is a key like any other.
      Object.fromEntries(Object.entries(value).map(([key, item]) => [key, frozen(item)]));
  return Object.freeze(copy) as T;
}
