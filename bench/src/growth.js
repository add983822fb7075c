/** How the time of a task grows with the size of its graph, for the engine and for the graph of promises written by hand. */
import { promiseAll } from "./by-hand.js";
import { typed } from "./engine.js";
import { inTurn } from "./measure.js";
import { shapes } from "./shapes.js";

const SIZES = [10_000, 100_000, 1_000_000];

/** @type {import("./figures.js").Section} */
export async function growth({ core }, brief) {
  /** @type {import("./figures.js").Figure[]} */
  const figures = [];
  for (const [name, make] of Object.entries(shapes)) {
    /** @type {number[]} */
    const ratios = [];
    for (const size of SIZES) {
      const shape = make(size);
      const contenders = { byHand: promiseAll(shape), engine: typed(core, shape) };
      const least = brief ? 3 : 5;
      const batch = Math.max(1, 50_000 / size);
      const { engine } = await inTurn(contenders, Math.max(least, 200_000 / size / batch), batch);
      ratios.push(engine.ratio);
      const row = `typed door, ${size.toLocaleString("en")} tasks, against by hand`;
      if (size > 10_000) figures.push({ row, of: name, value: engine.ratio, unit: "×" });
    }
    const [small = Number.NaN, , large = Number.NaN] = ratios;
    figures.push({
      row: "growth to 1,000,000 tasks, against by hand",
      of: name,
      value: large / small,
      unit: "×",
    });
  }
  return figures;
}
