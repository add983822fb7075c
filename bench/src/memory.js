/** Bytes a task that stay while its report is held, with every statistic read; the graph and typed arrays included. */
import { readEverything, typed } from "./engine.js";
import { bytesHeld } from "./measure.js";
import { shapes } from "./shapes.js";

const SIZE = 100_000;

/** @type {import("./figures.js").Section} */
export async function memory({ core }) {
  /** @type {import("./figures.js").Figure[]} */
  const figures = [];
  for (const [of, make] of Object.entries(shapes)) {
    const run = typed(core, make(SIZE));
    await run(); // What is compiled and cached once does not belong to a task.
    const bytes = await bytesHeld(async () => {
      const report = await run();
      readEverything(report);
      return report;
    });
    figures.push({
      row: "bytes a task, report read and held",
      of,
      value: Math.round(bytes / SIZE),
      unit: "B",
    });
  }
  return figures;
}
