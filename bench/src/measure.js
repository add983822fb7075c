/**
 * How it is measured. `ASTRUM_BENCH_TIME=cpu` counts the time that the process was given instead of the time that passed:
 * for a machine that others use, with `node --single-threaded-gc`.
 */

const now =
  process.env.ASTRUM_BENCH_TIME === "cpu"
    ? () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1000;
      }
    : () => performance.now();

const collect =
  /** @type {{ gc?: (options?: { type: "minor" }) => void }} */ (globalThis).gc ?? (() => {});

/**
 * What one contender took: the median of its milliseconds, and of its ratios to the first contender of the same round.
 *
 * @typedef {{ readonly ms: number, readonly ratio: number }} Taken
 */

/**
 * Times contenders in turn, A B C A B C …, and compares each with the first of its own round, so that a machine that
 * slows down slows both. One round before them all warms up.
 *
 * Each is run `batch` times in a row, and the young generation is emptied before: a run that allocates less than that
 * holds is collected in the time of whoever comes next. In one run each, the collection of all contenders' garbage fell on
 * the same one in every round, most often on the graph by hand, and doubled its time. Collecting everything before every
 * repetition would throw away optimised code. `times` gives what one run of a contender took, by round.
 *
 * @template {string} Name
 * @param {{ readonly [N in Name]: () => Promise<unknown> }} contenders
 * @param {number} rounds
 * @param {number} [batch]
 * @returns {Promise<{ [N in Name]: Taken } & { times(name: string): readonly number[] }>}
 */
export async function inTurn(contenders, rounds, batch = 1) {
  const entries = /** @type {[Name, () => Promise<unknown>][]} */ (Object.entries(contenders));
  /** @type {Map<string, number[]>} */
  const taken = new Map(entries.map(([name]) => [name, []]));
  for (const [, run] of entries) await repeated(batch, run)();
  collect();
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of entries) {
      collect({ type: "minor" });
      const start = now();
      await repeated(batch, run)();
      taken.get(name)?.push((now() - start) / batch);
    }
  }
  const times = (/** @type {string} */ name) => taken.get(name) ?? [];
  const first = times(entries[0]?.[0] ?? "");
  const figures = entries.map(([name]) => {
    const ratios = times(name).map((time, round) => time / (first[round] ?? Number.NaN));
    return [name, { ms: median(times(name)), ratio: median(ratios) }];
  });
  return { ...Object.fromEntries(figures), times };
}

/**
 * As one contender: something that is too short to be timed alone.
 *
 * @param {number} times
 * @param {() => Promise<unknown>} run
 */
export function repeated(times, run) {
  return async () => {
    for (let time = 0; time < times; time++) await run();
  };
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
  const held = [await make()];
  const after = await taken();
  held.length = 0;
  return after - before;
}
