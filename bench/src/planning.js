/** Checking and planning a grid of 100,000 tasks through both doors; the hand-written graph of that size, run, is the measure. */
import { promiseAll } from "./by-hand.js";
import { records, rootsOf } from "./engine.js";
import { inTurn } from "./measure.js";
import { grid } from "./shapes.js";

const SIZE = 100_000;

/** @type {import("./figures.js").Section} */
export async function planning({ core }, brief) {
  const shape = grid(SIZE);
  const roots = rootsOf(core, shape);
  const { tasks, orders } = records(shape);
  const counted = async (/** @type {import("@astrum/core").Plan} */ { totalTasks }) => {
    if (totalTasks !== SIZE) throw new Error(`Planned ${totalTasks} of ${SIZE} tasks`);
  };
  const taken = await inTurn(
    {
      byHand: promiseAll(shape),
      typed: () => counted(core.flow("bench", roots).plan()),
      documented: () => counted(new core.DynamicScheduler(tasks, orders).plan()),
    },
    brief ? 7 : 15,
  );
  const row = `planning ${SIZE.toLocaleString("en")} tasks`;
  return [
    { row: `${row}, in time`, of: "typed door", value: taken.typed.ms, unit: "ms" },
    { row: `${row}, in time`, of: "documented door", value: taken.documented.ms, unit: "ms" },
    {
      row: `${row}, against running by hand`,
      of: "typed door",
      value: taken.typed.ratio,
      unit: "×",
    },
    {
      row: `${row}, against running by hand`,
      of: "documented door",
      value: taken.documented.ratio,
      unit: "×",
    },
  ];
}
