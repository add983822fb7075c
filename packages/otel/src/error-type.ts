/**
 * What an error is called on spans and metrics, where few values are wanted, and what it says. Never throws, whatever
 * the error is.
 */

/** Few enough to be a value of a metric's attribute. */
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;
const MAX_MESSAGE = 4096;

/**
 * `error.type` as the conventions on recording errors have it: `timeout`, a code such as `ECONNRESET`, else the class,
 * else `_OTHER`. A mapper goes first; what it returns is taken when it is a text.
 */
export function errorTypeOf(
  error: unknown,
  timedOut: boolean,
  mapper?: (error: unknown) => string | undefined,
): string {
  try {
    const mapped: unknown = mapper?.(error);
    if (typeof mapped === "string" && mapped !== "") return mapped;
    if (timedOut) return "timeout";
    const { code, name } = error as { code?: unknown; name?: unknown };
    if (typeof code === "string" && CODE.test(code)) return code;
    if (typeof name === "string" && name !== "" && name.length <= 64) return name;
  } catch {
    // It does not let itself be read, or the mapper threw.
  }
  return timedOut ? "timeout" : "_OTHER";
}

export function messageOf(error: unknown): string {
  try {
    const { message } = error as { message?: unknown };
    return (typeof message === "string" ? message : String(error)).slice(0, MAX_MESSAGE);
  } catch {
    return "an error that cannot be read";
  }
}

export function stackOf(error: unknown): string | undefined {
  try {
    const { stack } = error as { stack?: unknown };
    return typeof stack === "string" ? stack : undefined;
  } catch {
    return undefined;
  }
}
