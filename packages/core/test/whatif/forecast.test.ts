import { describe, expect, it } from "vitest";
import { DynamicScheduler, flow, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

const never = (): never => {
  throw new Error("no function is called");
};
const minute = 60_000;
const lengths = { a: 40 * minute, b: 40 * minute, c: 40 * minute, d: 80 * minute };
const beside = flow(
  "beside",
  Object.fromEntries(Object.keys(lengths).map((name) => [name, task(name, never)])),
);

describe("A plan with estimates says in explain()", () => {
  it("what it would take on one slot, on two, on four: as many as there is use for", () => {
    const text = beside.plan().explain({ estimates: lengths });
    expect(text.split("\n").at(-1)).toBe(
      "predicted, longest path first: 3 h 20 min on 1 slot, 2 h 0 min on 2, 1 h 20 min on 4",
    );
    expect(text).toContain("longest path: d\n");
  });

  it("what a run takes that is given them", async () => {
    const clock = new VirtualClock();
    const real = flow(
      "real",
      Object.fromEntries(
        Object.entries(lengths).map(([name, ms]) => [name, task(name, () => clock.wait(ms))]),
      ),
    );
    const report = await clock.run(real.run({ clock, concurrency: 2, estimates: lengths }));
    expect(report.totalDurationMs).toBe(120 * minute);
  });

  it("that resources are not counted, and nothing more without estimates", () => {
    const a = task("a", never, { resources: { db: 1 } });
    const plan = flow("asking", { a }).plan();
    expect(plan.explain({ estimates: { a: 1234 } })).toContain(
      "predicted, longest path first, with enough of every resource: 1.23 s on 1 slot",
    );
    expect(plan.explain()).not.toContain("predicted");
    expect(flow("empty", {}).plan().explain({ estimates: {} })).not.toContain("predicted");
  });

  it("the same by either door", () => {
    const scheduler = new DynamicScheduler([["a", never]], [{ taskName: "a" }]);
    expect(scheduler.plan().explain({ estimates: { a: 12.3456 } })).toContain(
      "predicted, longest path first: 12.3 ms on 1 slot",
    );
  });

  it("what is wrong with them", () => {
    expect(() => beside.plan().explain({ estimates: { a: -1 } })).toThrow(
      "Expected `estimates.a` to be a number of milliseconds from 0 up, got `-1`",
    );
    expect(() => beside.plan().explain({ estimate: {} } as never)).toThrow(
      "Unknown option `estimate`",
    );
  });
});
