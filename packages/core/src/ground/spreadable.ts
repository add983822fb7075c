/**
 * Objects whose getters and methods live on their class, made such that they can be spread and taken apart like the plain
 * object that their interface promises: `{ ...context, db }`, `const { unwrap } = report`. Knows no object.
 *
 * A proxy, because properties of its own cost an object more than all else that is done for a task.
 */

/** Makes the public face of objects of one class: `keys` are what it shows, read when they are asked for. */
export function spreadable<T extends object>(
  keys: readonly ((keyof T & string) | symbol)[],
): (of: T) => T {
  const shown: ReadonlySet<PropertyKey> = new Set(keys);
  const read = (of: T, key: PropertyKey): unknown => {
    const value = of[key as keyof T];
    // Its private fields are not on the proxy.
    return typeof value === "function" && shown.has(key) ? value.bind(of) : value;
  };
  const handler: ProxyHandler<T> = {
    get: read,
    ownKeys: () => [...keys],
    getOwnPropertyDescriptor: (of, key) =>
      shown.has(key)
        ? { value: read(of, key), enumerable: true, configurable: true, writable: true }
        : undefined,
  };
  return (of) => new Proxy(of, handler);
}
