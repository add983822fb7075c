import { flow, map, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import { busiest } from "../../src/asking/busiest.ts";
import { renderHtml } from "../../src/index.ts";

async function site(readMs: number) {
  const clock = new VirtualClock();
  const list = task("list", () => [1, 2, 3]);
  const read = map("read", list, () => clock.wait(readMs));
  let calls = 0;
  const index = async (): Promise<void> => {
    await clock.wait(100);
    if (calls++ === 0) throw new Error("once");
  };
  const roots = { read, index: task("index", { read }, index, { retry: 1 }) };
  const report = await clock.run(flow("site", roots).run({ clock, concurrency: 2 }));
  return report.toJSON();
}

describe("Who held the slots", () => {
  it("is a task with all of its attempts, or with all that is inside of it", async () => {
    expect(busiest(await site(200))).toEqual({ taskName: "read", share: 0.75 });
    expect(busiest(await site(50))).toEqual({ taskName: "index", share: 200 / 350 });
    expect(busiest(await site(0))).toEqual({ taskName: "index", share: 1 });
  });

  it("is nobody where nothing took any time", async () => {
    const clock = new VirtualClock();
    const report = await clock.run(flow("f", { one: task("one", () => 1) }).run({ clock }));
    expect(busiest(report.toJSON())).toBeUndefined();
  });

  it("is said beside how many were in use, unless it was one alone, or many that held little each", async () => {
    expect(renderHtml(await site(200))).toContain(
      "<dd>67 % <small>of the time, 75 % of that by read</small>",
    );
    expect(renderHtml(await site(0))).toContain("<dd>50 % <small>of the time</small>");
    const clock = new VirtualClock();
    const many = Array.from({ length: 5 }, (_, at) => task(`t${at}`, () => clock.wait(10)));
    const run = flow("many", Object.fromEntries(many.map((one) => [one.name, one]))).run({
      clock,
      concurrency: 5,
    });
    expect(renderHtml((await clock.run(run)).toJSON())).toContain(
      "<dd>100 % <small>of the time</small>",
    );
  });
});
