/** How a part of a value is called in a message: where it is, as one would write it in a program, and of which class. */

/** A URL, a Uint8Array and a User are not spoken with one. */
const VOWEL = /^(?:[AEIO]|U(?!RL|int|ser|ni))/;

/**
 * @param {object} whole
 * @param {string} path of the whole
 * @param {string} key
 */
export function placeOf(whole, path, key) {
  if (Array.isArray(whole) && /^\d+$/.test(key)) return `${path}[${key}]`;
  if (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key)) return `${path}.${key}`;
  return `${path}[${JSON.stringify(key)}]`;
}

/**
 * @param {object} part
 * @returns {string | undefined} with its article; nothing when its class has no name, or does not let it be read
 */
export function named(part) {
  try {
    const name = /** @type {unknown} */ (part.constructor?.name);
    if (typeof name !== "string" || name === "") return undefined;
    return `${VOWEL.test(name) ? "an" : "a"} ${name.slice(0, 80)}`;
  } catch {
    return undefined;
  }
}
