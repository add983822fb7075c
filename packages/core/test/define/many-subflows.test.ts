/** Thousands of flows that are planned as tasks of one: what asks about them looks at each a few times. */
import { expect, it, vi } from "vitest";
import { explain } from "../../src/define/explain.ts";
import type { GraphPlan } from "../../src/define/plan.ts";
import { flow, subflow, task } from "../../src/index.ts";
import { testRun } from "../../src/testing.ts";

const COUNT = 5000;

/** Beside one another, each of one task and a tail. */
function many(called?: () => void) {
  const log = task("log", () => called?.());
  const one = flow("one", { work: task("work", () => called?.()) }, { tails: { log } });
  const roots = Array.from({ length: COUNT }, (_, at) => subflow(`s${at}`, one, {}));
  return flow("many", Object.fromEntries(roots.map((root) => [root.name, root])));
}

it("5,000 subflows are explained, and each is looked at once for that", () => {
  const plan = many().plan() as GraphPlan;
  const { graph, order, stageStart, traits, totalTasks, totalStages, maxParallelism } = plan;
  let looks = 0;
  const subflows = graph.subflows.map((one) => ({
    ...one,
    get owner(): number {
      looks++;
      return one.owner;
    },
  }));
  const text = explain({
    graph: { ...graph, subflows },
    order,
    stageStart,
    traits,
    totalTasks,
    totalStages,
    maxParallelism,
    criticalPath: () => plan.criticalPath(),
  });
  expect(text).toContain("many: 15000 tasks in 2 stages");
  expect(text).toContain("s19 (subflow of 2 tasks) ← s19.work");
  expect(text).toContain(`… and ${COUNT - 20} more`);
  // How many tasks are inside of it is told by two of its fields.
  expect(looks).toBeLessThanOrEqual(2 * COUNT);
});

it("5,000 subflows have stand-ins, and nothing that is inside of them is called", async () => {
  const called = vi.fn();
  const stubs = Object.fromEntries(
    Array.from({ length: COUNT }, (_, at) => [`s${at}`, { work: at }]),
  );
  const done = await testRun(many(called), { stubs });
  await done.tail;
  expect(called).not.toHaveBeenCalled();
  expect(done.totalTasks).toBe(COUNT);
  expect(done.unwrap()).toMatchObject({ s0: { work: 0 }, s4999: { work: 4999 } });
});
