/** How it is measured. */

const collect = /** @type {{ gc?: () => void }} */ (globalThis).gc ?? (() => {});

/**
 * Times contenders in turn, A B C A B C …, so that a machine that slows down slows them all, and gives each one's
 * median in milliseconds. Garbage is collected once before: collecting before every repetition throws away optimised
 * code and falsifies the ratios.
 *
 * @template {string} Name
 * @param {{ readonly [N in Name]?: () => Promise<unknown> }} contenders
 * @param {number} rounds
 * @returns {Promise<{ [N in Name]: number }>}
 */
export async function inTurn(contenders, rounds) {
  const entries = /** @type {[Name, () => Promise<unknown>][]} */ (Object.entries(contenders));
  /** @type {Map<Name, number[]>} */
  const times = new Map(entries.map(([name]) => [name, []]));
  collect();
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of entries) {
      const start = performance.now();
      await run();
      times.get(name)?.push(performance.now() - start);
    }
  }
  const medians = entries.map(([name]) => [name, median(times.get(name) ?? [])]);
  return Object.fromEntries(medians);
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/**
 * Bytes that stay taken while what `make` gives is held, typed arrays included.
 *
 * @param {() => Promise<unknown>} make
 */
export async function bytesHeld(make) {
  const taken = async () => {
    // Typed arrays are let go a turn after the objects that held them.
    for (let turn = 0; turn < 4; turn++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = await taken();
  const held = await make();
  const after = await taken();
  return { bytes: after - before, held };
}
