/**
 * Prints how the engine compares, in one run: `pnpm bench`. Options: `--sizes 1000,10000` and `--check`, which exits
 * with 1 when a floor is broken (at 10,000 tasks: at most 2 times the hand-written graph until the report resolves,
 * at most 2.5 times with every statistic read, at least 4 times faster than p-graph; at most 600 bytes a task).
 */
import { parseArgs } from "node:util";
import { flow } from "@astrum/core";
import { astrum, pGraph, promiseAll, readEverything, rootsOf } from "./contenders.js";
import { bytesHeld, inTurn, median } from "./measure.js";
import { grid, shapes } from "./shapes.js";

const FLOOR = { run: 2, read: 2.5, pGraph: 4, bytes: 600, planMs: 200 };
const FLOOR_SIZE = 10_000;
/** p-graph takes minutes beyond this. */
const LARGEST_P_GRAPH = 100_000;

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000,10000,100000,1000000" },
    check: { type: "boolean", default: false },
  },
});
const sizes = values.sizes.split(",").map(Number);
if (sizes.some((size) => !Number.isSafeInteger(size) || size < 4)) {
  console.error(`Expected --sizes to be integers from 4 up, got "${values.sizes}"`);
  process.exit(64);
}

/** @type {string[]} */
const broken = [];
/** @param {boolean} holds @param {string} floor */
function expectFloor(holds, floor) {
  if (!holds) broken.push(floor);
}

console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}. Tasks are async functions that do nothing.`,
);
console.log("Medians; × is the ratio to the hand-written Promise.all graph of the same round.\n");
const columns = [
  "shape",
  "tasks",
  "Promise.all",
  "astrum",
  "×",
  "all read",
  "×",
  "p-graph",
  "×",
  "p-graph/astrum",
];
const widths = [11, 9, 13, 12, 6, 12, 6, 12, 7, 15];
/** @param {readonly string[]} cells */
const line = (cells) => cells.map((cell, at) => cell.padStart(widths[at] ?? 0)).join("");
console.log(line(columns));

for (const [name, make] of Object.entries(shapes)) {
  for (const size of sizes) {
    const shape = make(size);
    const rounds = Math.max(3, Math.min(31, Math.round(400_000 / size)));
    const run = astrum(shape);
    const contenders = {
      byHand: promiseAll(shape),
      astrum: run,
      read: async () => readEverything(await run()),
      ...(size <= LARGEST_P_GRAPH ? { pGraph: pGraph(shape) } : {}),
    };
    const { byHand, astrum: ran, read, pGraph: other } = await inTurn(contenders, rounds);
    const ms = (/** @type {number} */ time) => `${time.toFixed(time < 100 ? 2 : 0)} ms`;
    const faster = other && other.ratio / ran.ratio;
    console.log(
      line([
        name,
        String(size),
        ms(byHand.ms),
        ms(ran.ms),
        ran.ratio.toFixed(2),
        ms(read.ms),
        read.ratio.toFixed(2),
        other === undefined ? "-" : ms(other.ms),
        other === undefined ? "-" : other.ratio.toFixed(2),
        faster === undefined ? "-" : faster.toFixed(1),
      ]),
    );
    if (size === FLOOR_SIZE) {
      expectFloor(ran.ratio <= FLOOR.run, `${name}: ${ran.ratio.toFixed(2)} × until the report`);
      expectFloor(
        read.ratio <= FLOOR.read,
        `${name}: ${read.ratio.toFixed(2)} × with all statistics`,
      );
      expectFloor(
        (faster ?? 0) >= FLOOR.pGraph,
        `${name}: less than ${FLOOR.pGraph} times faster than p-graph`,
      );
    }
  }
}

console.log(
  "\nBytes a task that stay while the report is held, every statistic read (graph and typed arrays included):",
);
const memorySize = Math.min(100_000, Math.max(...sizes));
for (const [name, make] of Object.entries(shapes)) {
  const run = astrum(make(memorySize));
  await run(); // What is compiled and cached once does not belong to a task.
  const { bytes, held } = await bytesHeld(async () => {
    const report = await run();
    readEverything(report);
    return report;
  });
  const each = Math.round(bytes / memorySize);
  console.log(
    `${name.padStart(11)} ${each} (report of ${/** @type {{ totalTasks: number }} */ (held).totalTasks} tasks)`,
  );
  expectFloor(each <= FLOOR.bytes, `${name}: ${each} bytes a task`);
}

const planSize = 100_000;
const planTimes = [];
const roots = rootsOf(grid(planSize));
for (let round = 0; round < 9; round++) {
  const start = performance.now();
  const { totalTasks } = flow("plan", roots).plan();
  planTimes.push(performance.now() - start);
  if (totalTasks !== planSize) throw new Error(`Planned ${totalTasks} of ${planSize} tasks`);
}
console.log(
  `\nChecking and planning a grid of ${planSize} tasks: ${median(planTimes).toFixed(0)} ms`,
);
expectFloor(
  median(planTimes) <= FLOOR.planMs,
  `planning ${planSize} tasks took ${median(planTimes).toFixed(0)} ms`,
);

if (broken.length > 0) {
  console.log(`\nFloors that do not hold:\n  ${broken.join("\n  ")}`);
  if (values.check) process.exitCode = 1;
} else if (sizes.includes(FLOOR_SIZE)) {
  console.log("\nEvery floor holds.");
}
