/** A map of 10,000 items, each of which becomes a flow of three tasks, against the same 30,000 tasks planned beforehand. */
import { inTurn } from "./measure.js";

const ITEMS = 10_000;

/** @type {import("./figures.js").Section} */
export async function nestedRuns({ core }, brief) {
  const { task, map, flow } = core;
  const items = Array.from({ length: ITEMS }, (_, at) => at);
  /** @param {number} item @param {string} prefix */
  const chain = (item, prefix) => {
    const load = task(`${prefix}load`, async () => item);
    const resize = task(`${prefix}resize`, { load }, async ({ load }) => load * 2);
    return task(`${prefix}save`, { resize }, async ({ resize }) => resize + 1);
  };
  const list = task("list", () => items);
  const thumbs = map("thumbs", list, (item) => flow("thumb", { save: chain(item, "") }));
  const nested = flow("nested", { thumbs });
  const taken = await inTurn(
    {
      planned: () => {
        const roots = items.map((item) => [`item${item}`, chain(item, `item${item}-`)]);
        return flow("planned", Object.fromEntries(roots)).run();
      },
      nested: () => nested.run(),
    },
    brief ? 7 : 21,
    3,
  );
  const row = `${ITEMS.toLocaleString("en")} items of three tasks each`;
  return [
    { row: `${row}, planned beforehand`, value: taken.planned.ms, unit: "ms" },
    { row: `${row}, against planned beforehand`, value: taken.nested.ratio, unit: "×" },
  ];
}
