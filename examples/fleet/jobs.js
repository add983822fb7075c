/** The tasks, as workers import them: ordinary exported functions. */

/** @param {{ text: string }} input */
export async function words({ text }) {
  return text.toLowerCase().match(/[a-z']+/g) ?? [];
}

/** @param {string} word */
export async function lengthOf(word) {
  return word.length;
}

/** @param {{ lengths: number[] }} input */
export async function average({ lengths }) {
  return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
}
