import { describe, expect, it } from "vitest";
import { flow, map, type RunOptions, task } from "../../src/index.ts";
import { recorded, replay, VirtualClock } from "../../src/testing.ts";

const list = task("list", () => [1, 2], { description: "what is to be read", priority: 2 });
const read = map("read", list, (n) => n, { concurrency: 1, resources: { db: 1 } });
const sized = task("sized", { read }, () => 1, {
  resources: { db: 1, memory: ({ read }) => read.length },
});
const all = flow("all", { sized });
const given: RunOptions = { resources: { db: 2, memory: 4 } };

describe("A report says what the run and its tasks were given", () => {
  it("descriptions, priorities, limits of maps and units that were held, computed ones too", async () => {
    const { options, recording } = recorded(given);
    const report = await all.run(options);
    const rows = report
      .toJSON()
      .taskStatistics.map(({ taskName, description, priority, concurrency, resources }) => [
        taskName,
        { description, priority, concurrency, resources },
      ]);
    expect(Object.fromEntries(rows)).toEqual({
      list: { description: "what is to be read", priority: 2 },
      read: { concurrency: 1, resources: { db: 1 } },
      sized: { resources: { db: 1, memory: 2 } },
      "read[0]": {},
      "read[1]": {},
    });
    expect(replay(all.plan(), recording).toJSON()).toEqual(report.toJSON());
  });

  it("whether the longest path went first, and outputs were let go", async () => {
    expect(
      (await all.run({ ...given, estimates: { read: 5 }, keep: "roots" })).run.config,
    ).toMatchObject({
      longestFirst: true,
      keep: "roots",
    });
    const { config } = (await all.run(given)).run;
    expect(config).not.toHaveProperty("longestFirst");
    expect(config).not.toHaveProperty("keep");
  });

  it("how much processor time the process used meanwhile, where its clock is the system's", async () => {
    const { cpuMs } = (await all.run(given)).toJSON();
    expect(cpuMs).toBeGreaterThanOrEqual(0);
    const clock = new VirtualClock();
    const elsewhere = await clock.run(all.run({ ...given, clock }));
    expect(elsewhere.toJSON()).not.toHaveProperty("cpuMs");
  });
});
