/** Runs of 10,000 tasks that do nothing, in four shapes, against the graph of promises written by hand. */
import { PGraph } from "p-graph";
import { countedDown, countedDownByName, nameOf, promiseAll, work } from "./by-hand.js";
import { documented, documentedAgain, readEverything, typed } from "./engine.js";
import { inTurn } from "./measure.js";
import { shapes } from "./shapes.js";

const SIZE = 10_000;

/** @type {(shape: import("./shapes.js").Shape) => () => Promise<unknown>} */
const pGraph = (shape) => {
  const nodes = new Map(shape.map((_, at) => [nameOf(at), { run: work }]));
  /** @type {[string, string][]} */
  const edges = shape.flatMap((dependencies, at) =>
    dependencies.map((from) => /** @type {[string, string]} */ ([nameOf(from), nameOf(at)])),
  );
  return () => new PGraph(nodes, edges).run();
};

/** @type {import("./figures.js").Section} */
export async function largeRuns({ core }, brief) {
  /** @type {import("./figures.js").Figure[]} */
  const figures = [];
  for (const [name, make] of Object.entries(shapes)) {
    const shape = make(SIZE);
    const run = typed(core, shape);
    const { times: _, ...taken } = await inTurn(
      {
        "by hand": promiseAll(shape),
        "counted down by hand": countedDown(shape),
        "typed door, until the report": run,
        "typed door, every statistic read": async () => readEverything(await run()),
        "counted down by hand, from names": countedDownByName(shape),
        "documented door, built and run once": documented(core, shape),
        "documented door, kept and run again": documentedAgain(core, shape),
        "documented door, data references on every task": documented(core, shape, true),
        "p-graph": pGraph(shape),
      },
      brief ? 5 : 11,
      5,
    );
    for (const [row, { ms, ratio }] of Object.entries(taken)) {
      if (row === "by hand") figures.push({ row, of: name, value: ms, unit: "ms" });
      else figures.push({ row, of: name, value: ratio, unit: "×" });
    }
    const one = taken["typed door, until the report"].ms;
    const other = taken["documented door, built and run once"].ms;
    figures.push({
      row: "documented door, against the typed door",
      of: name,
      value: other / one,
      unit: "×",
    });
  }
  return figures;
}
