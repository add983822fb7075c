/** How it is measured. */

const collect = /** @type {{ gc?: () => void }} */ (globalThis).gc ?? (() => {});

/**
 * What one contender took: the median of its milliseconds, and of its ratios to the first contender of the same round.
 *
 * @typedef {{ readonly ms: number, readonly ratio: number }} Taken
 */

/**
 * Times contenders in turn, A B C A B C …, and compares each with the first of its own round, so that a machine that
 * slows down slows both. Garbage is collected once before: collecting before every repetition throws away optimised
 * code and falsifies the ratios.
 *
 * @template {string} Name
 * @param {{ readonly [N in Name]?: () => Promise<unknown> }} contenders
 * @param {number} rounds
 * @returns {Promise<{ [N in Name]: Taken }>}
 */
export async function inTurn(contenders, rounds) {
  const entries = /** @type {[Name, () => Promise<unknown>][]} */ (Object.entries(contenders));
  /** @type {number[][]} */
  const times = entries.map(() => []);
  collect();
  for (let round = 0; round < rounds; round++) {
    for (const [at, [, run]] of entries.entries()) {
      const start = performance.now();
      await run();
      times[at]?.push(performance.now() - start);
    }
  }
  const taken = entries.map(([name], at) => {
    const own = times[at] ?? [];
    const ratios = own.map((time, round) => time / (times[0]?.[round] ?? Number.NaN));
    return [name, { ms: median(own), ratio: median(ratios) }];
  });
  return Object.fromEntries(taken);
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
