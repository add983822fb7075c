import { inspect } from "node:util";
import { expect, it } from "vitest";
import { describe } from "../../src/ground/describe.ts";
import {
  after,
  DynamicScheduler,
  flow,
  map,
  optional,
  param,
  pick,
  Semaphore,
  settled,
  task,
} from "../../src/index.ts";

const list = task("list", () => [1]);
const doubled = map("doubled", list, (item) => item * 2);
const day = param<string>("day");
const twice = flow("twice", { doubled });
const report = await twice.run();

/** Class names that mean nothing to those who only read the documentation. */
const INTERNAL = /Handle|TakenInput|ParamInput|BoundValue|Graph|TaskRow|StageRow|\bReport\b/;

/** Whatever the package hands out, and what a message calls it. */
it.each<[word: string, object: unknown]>([
  ["a task", list],
  ["a map", doubled],
  ["an input made with pick()", pick(list, 0)],
  ["an input made with optional()", optional(list)],
  ["an input made with settled()", settled(list)],
  ["an input made with after()", after(list)],
  ["a parameter", day],
  ["a value of a parameter", day.of("monday")],
  ["a flow", twice],
  ["a plan", twice.plan()],
  ["a report", report],
  ["a task's statistics", report.taskStatistics[0]],
  ["a stage's statistics", report.stageStatistics[0]],
  ["a Semaphore", new Semaphore(1)],
  ["a DynamicScheduler", new DynamicScheduler([], [])],
])("%s is called so, and printed under no name of ours", (word, object) => {
  expect(describe(object)).toBe(word);
  expect(inspect(object).split("{")[0]).not.toMatch(INTERNAL);
});

it("a mock that answers to every name is not taken for one of them", () => {
  const mock = new Proxy({}, { get: () => () => undefined });
  expect(describe(mock)).not.toContain("undefined");
  expect(() => task("a", { mock } as never, () => {})).toThrow('Input "mock" of task "a" must be');
});
