/** A map of 10,000 items that does nothing with them, against p-map, with the same limit. */
import pMap from "p-map";
import { inTurn } from "./measure.js";

const ITEMS = 10_000;
const LIMIT = 16;

/** @type {import("./figures.js").Section} */
export async function maps({ core }, brief) {
  const items = Array.from({ length: ITEMS }, (_, at) => at);
  const double = async (/** @type {number} */ item) => item * 2;
  const { task, map, flow } = core;
  const list = task("list", () => items);
  const doubled = map("doubled", list, double, { concurrency: LIMIT });
  const doubling = flow("doubling", { doubled });
  const taken = await inTurn(
    {
      byHand: () => pMap(items, double, { concurrency: LIMIT }),
      engine: () => doubling.run(),
    },
    brief ? 7 : 21,
    5,
  );
  const row = `map of ${ITEMS.toLocaleString("en")} items`;
  return [
    { row: `${row}, p-map`, value: taken.byHand.ms, unit: "ms" },
    { row: `${row}, against p-map`, value: taken.engine.ratio, unit: "×" },
  ];
}
