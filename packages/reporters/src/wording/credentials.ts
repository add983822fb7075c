/**
 * What is a credential without anybody saying so: a value whose property is called like one, and the secret parts of a URL
 * in a text. Knows no report.
 */

export const REDACTED = "[redacted]";

/** The whole word, or its last part: `token` and `githubToken`, but not `tokenCount`. */
const CREDENTIAL =
  /(?:^|[-_.\s])(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|(?:private|access|secret)[-_]?key|(?:proxy-)?authorization|(?:set-)?cookie|credentials?)s?$/i;

/** In every key that matches the above, and cheap to look for in those that do not. */
const MAYBE_CREDENTIAL = /pass|pwd|secret|token|key|authorization|cookie|credential/i;

function isCredential(key: string): boolean {
  return MAYBE_CREDENTIAL.test(key) && CREDENTIAL.test(key.replace(/([a-z0-9])([A-Z])/g, "$1-$2"));
}

/** Whether something in an output is called like one: a property, or an entry of a map. */
export function hasCredentials(value: unknown, seen: Set<object> = new Set()): boolean {
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return false;
  if (seen.has(value)) return false;
  seen.add(value);
  const has = (inner: unknown): boolean => hasCredentials(inner, seen);
  if (Array.isArray(value) || value instanceof Set) return Array.from(value).some(has);
  if (value instanceof Map) {
    return Array.from(value).some(([key, inner]) => isName(key) || has(key) || has(inner));
  }
  const { cause, errors } = value as AggregateError;
  const hidden = value instanceof Error ? [cause, errors] : [];
  return (
    Object.entries(value).some(([key, inner]) => isCredential(key) || has(inner)) ||
    hidden.some(has)
  );
}

function isName(key: unknown): boolean {
  return typeof key === "string" && isCredential(key);
}

/** A record of the user's, without the values of credentials and without the secrets in its URLs. */
export function withoutCredentials<T>(value: T): T {
  if (typeof value === "string") return withoutUrlSecrets(value) as T;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(withoutCredentials) as T;
  // `fromEntries` defines: `__proto__` is a key like any other.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      isCredential(key) ? REDACTED : withoutCredentials(item),
    ]),
  ) as T;
}

/** `?api_key=…`, `&X-Amz-Signature=…`, `#access_token=…`; a name of a usual length, so that each place is looked at once. */
const PARAMETER = /([?&#])([\w.%~-]{1,80})=([^\s&#"'<>`]+)/g;

/** What a URL is signed or paid with is often called no more than that. */
const IN_URLS = /^(?:key|sig|signature|auth)$|[-_]signature$/i;

/**
 * `https://user:password@host/?token=…` as `https://user:[redacted]@host/?token=[redacted]`; a name alone in front of the
 * host is one that is a token.
 */
export function withoutUrlSecrets(text: string): string {
  const named = text.includes("=")
    ? text.replace(PARAMETER, (all, sign: string, name: string) =>
        isCredential(name) || IN_URLS.test(name) ? `${sign}${name}=${REDACTED}` : all,
      )
    : text;
  return named.includes("://") ? withoutUsers(named) : named;
}

/** Every authority once, from left to right: a pattern would look at long texts over and over. */
function withoutUsers(text: string): string {
  let shown = "";
  let from = 0;
  for (let at = text.indexOf("://"); at !== -1; at = text.indexOf("://", from)) {
    const start = at + 3;
    const end = endOfAuthority(text, start);
    shown += text.slice(from, start) + withoutUser(text.slice(start, end));
    from = end;
  }
  return shown + text.slice(from);
}

function withoutUser(authority: string): string {
  const host = authority.lastIndexOf("@");
  if (host === -1) return authority;
  const colon = authority.slice(0, host).indexOf(":");
  const user = colon > 0 ? `${authority.slice(0, colon)}:${REDACTED}` : REDACTED;
  return user + authority.slice(host);
}

function endOfAuthority(text: string, start: number): number {
  let end = start;
  while (end < text.length && !/[\s/?#"'<>`\\]/.test(text[end] as string)) end++;
  return end;
}
