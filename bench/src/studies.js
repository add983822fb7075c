/**
 * Studies of a run of 10,000 tasks by `whatIf`: what one more change costs, and the twelve that a page asks first. The run is
 * itself a simulated one; its report is read from the plain form, as a page or a command has it.
 */
import { nameOf } from "./by-hand.js";
import { rootsOf } from "./engine.js";
import { inTurn } from "./measure.js";
import { shapes } from "./shapes.js";

const SIZE = 10_000;

/** @type {readonly import("@astrum/core/whatif").Change[]} */
const CHANGES = [
  ...[1, 2, 4, 8, 16, 32, 64, Number.POSITIVE_INFINITY].map((concurrency) => ({ concurrency })),
  { longestFirst: true },
  { longestFirst: true, concurrency: 64 },
  { noFailures: true },
  { faster: { [nameOf(SIZE - 1)]: 0.5 } },
];

/** @type {import("./figures.js").Section} */
export async function studies({ core, whatif }, brief) {
  const { simulate, whatIf } = await whatif();
  /** @type {import("./figures.js").Figure[]} */
  const figures = [];
  for (const [of, make] of Object.entries(shapes)) {
    const plan = core.flow("bench", rootsOf(core, make(SIZE))).plan();
    const lengths = Array.from({ length: SIZE }, (_, at) => [nameOf(at), 10 + ((at * 7919) % 90)]);
    const durations = Object.fromEntries(lengths);
    const report = simulate(plan, { durations, concurrency: 16 }).toJSON();
    const studied = async (/** @type {typeof CHANGES} */ changes) => {
      const { asRun } = whatIf(report, changes);
      if (asRun.errorMs > 0.01) throw new Error(`The run takes ${asRun.errorMs} ms else on paper`);
    };
    const taken = await inTurn(
      { unchanged: () => studied([]), twelve: () => studied(CHANGES) },
      brief ? 3 : 7,
    );
    const point = (taken.twelve.ms - taken.unchanged.ms) / CHANGES.length;
    const row = `what if, ${SIZE.toLocaleString("en")} tasks`;
    figures.push(
      {
        row: `${row}, the report read and the run unchanged`,
        of,
        value: taken.unchanged.ms,
        unit: "ms",
      },
      { row: `${row}, a change more`, of, value: point, unit: "ms" },
      { row: `${row}, with twelve changes`, of, value: taken.twelve.ms, unit: "ms" },
    );
  }
  return figures;
}
