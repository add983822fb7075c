import { flow, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { expect, it } from "vitest";
import { Run } from "../../page/run.ts";
import { tipText } from "../../page/tip.ts";
import { pageDataOf } from "../../src/html/from-report.ts";

it("what is told of an attempt is what it waited for, and whether it is on the critical path", async () => {
  const clock = new VirtualClock();
  const first = task("first", () => clock.wait(100), { resources: { db: 1 }, priority: 1 });
  const short = task("short", () => clock.wait(10));
  let calls = 0;
  const again = async (): Promise<void> => {
    await clock.wait(20);
    if (calls++ === 0) throw new Error("once");
  };
  const second = task("second", again, { resources: { db: 1 }, retry: 1 });
  const options = { clock, resources: { db: 1 } };
  const report = await clock.run(flow("f", { first, short, second }).run(options));
  const run = new Run(pageDataOf(report.toJSON(), "all"));
  const { task: tasks } = run.data.attempts;
  const tips = Array.from(tasks, (_, attempt) => tipText(run, attempt));
  expect(tips.toSorted()).toEqual([
    "first\ncompleted · ran 100 ms from 0 ms\non the critical path",
    "second, attempt 1\nfailed · ran 20 ms from 100 ms\nwaited 100 ms for db\non the critical path",
    "second, attempt 2\ncompleted · ran 20 ms from 120 ms\non the critical path",
    "short\ncompleted · ran 10 ms from 0 ms",
  ]);
});
