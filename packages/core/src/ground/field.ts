/** A field of anything that was thrown; `undefined` when it has none, or does not let itself be read. */
export function fieldOf(thrown: unknown, key: string): unknown {
  try {
    return (thrown as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  } catch {
    return undefined; // A getter of the user, or a proxy.
  }
}
