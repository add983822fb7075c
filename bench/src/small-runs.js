/** Small graphs, run again and again: there the fixed costs of a run show. */
import { countedDown, promiseAll } from "./by-hand.js";
import { kept } from "./engine.js";
import { inTurn, repeated } from "./measure.js";
import { layered } from "./shapes.js";

/** @type {import("./figures.js").Section} */
export async function smallRuns({ core }, brief) {
  /** @type {import("./figures.js").Figure[]} */
  const figures = [];
  for (const size of [1, 5, 20, 100]) {
    const shape = layered(size);
    const run = kept(core, shape);
    const times = Math.ceil(2000 / (size + 4));
    const taken = await inTurn(
      {
        byHand: repeated(times, promiseAll(shape)),
        limit: repeated(times, countedDown(shape)),
        plain: repeated(times, () => run()),
        both: repeated(times, () => run({ concurrency: 4, signal: new AbortController().signal })),
      },
      brief ? 31 : 101,
    );
    const row = `run of ${size} task${size === 1 ? "" : "s"}`;
    const each = (/** @type {number} */ ms) => (ms * 1000) / times;
    figures.push({ row: `${row}, by hand`, value: each(taken.byHand.ms), unit: "µs" });
    figures.push({ row: `${row}, counted down by hand`, value: taken.limit.ratio, unit: "×" });
    figures.push({ row, value: taken.plain.ratio, unit: "×" });
    figures.push({ row: `${row}, limit and signal`, value: taken.both.ratio, unit: "×" });
  }
  return figures;
}
