import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { after, flow, map, pick, settled, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { statuses } from "../scenario.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Whether the garbage collector has taken it. */
async function collected(reference: WeakRef<object>): Promise<boolean> {
  for (let turn = 0; turn < 5 && reference.deref() !== undefined; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return reference.deref() === undefined;
}

describe("Outputs", () => {
  it("are all kept, unless asked otherwise", async () => {
    const clock = new VirtualClock();
    const a = task("a", () => "a");
    const b = task("b", { a }, ({ a }) => `${a}b`);
    const c = task("c", { b }, ({ b }) => `${b}c`);
    const report = await clock.run(flow("f", { c }).run({ clock }));
    expect([...report.taskReturnSet]).toEqual([
      ["a", "a"],
      ["b", "ab"],
      ["c", "abc"],
    ]);
    expect(report.outputs).toEqual({ c: "abc" });
  });
});

describe('With `keep: "roots"`', () => {
  it("an output is let go when every reader is done, and its outcome says so", async () => {
    const clock = new VirtualClock();
    const a = task("a", () => "a");
    const b = task("b", { a }, ({ a }) => `${a}b`);
    const c = task("c", { b }, ({ b }) => `${b}c`);
    const report = await clock.run(flow("f", { c }).run({ clock, keep: "roots" }));
    expect(report.outputs).toEqual({ c: "abc" });
    expect([...report.taskReturnSet.keys()]).toEqual(["c"]);
    expect(report.outcome(a)).toEqual({
      status: "completed",
      value: undefined,
      restored: false,
      released: true,
    });
    expect(report.outcome(c)).toEqual({ status: "completed", value: "abc", restored: false });
    expect(report.unwrap()).toEqual({ c: "abc" });
  });

  it("a root that others read is kept", async () => {
    const clock = new VirtualClock();
    const a = task("a", () => "a");
    const b = task("b", { a }, ({ a }) => `${a}b`);
    const report = await clock.run(flow("f", { a, b }).run({ clock, keep: "roots" }));
    expect(report.outputs).toEqual({ a: "a", b: "ab" });
  });

  it("not before the last reader has ended, its retries included", async () => {
    const clock = new VirtualClock();
    const source = task("source", () => "value");
    const seen: string[] = [];
    const quick = task("quick", { source }, ({ source }) => void seen.push(`quick ${source}`));
    const flaky = task(
      "flaky",
      { source },
      ({ source }, { attempt }) => {
        seen.push(`flaky ${source}`);
        if (attempt < 3) throw new Error("again");
      },
      { retry: { attempts: 2, backoff: "fixed" } },
    );
    const late = task(
      "late",
      { flaky: after(flaky), outcome: settled(source), part: pick(source, "length") },
      ({ outcome, part }) => [outcome, part],
    );
    const report = await clock.run(flow("f", { quick, late }).run({ clock, keep: "roots" }));
    expect(seen).toEqual(["quick value", "flaky value", "flaky value", "flaky value"]);
    expect(report.outputs.late).toEqual([
      { status: "completed", value: "value", restored: false },
      5,
    ]);
    expect(report.outcome(source)).toHaveProperty("released", true);
  });

  it("readers that never run are done too", async () => {
    const clock = new VirtualClock();
    const source = task("source", () => "value");
    const broken = task(
      "broken",
      () => {
        throw new Error("no");
      },
      { onFailure: "ignore" },
    );
    const skipped = task("skipped", { source, broken }, () => 1);
    const report = await clock.run(flow("f", { skipped }).run({ clock, keep: "roots" }));
    expect(statuses(report)).toMatchObject({ skipped: "skipped" });
    expect(report.outcome(source)).toHaveProperty("released", true);
  });

  it("the results of items are let go with the list that holds them", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => [1, 2]);
    const items = map("items", list, (item) => ({ item }));
    const count = task("count", { items }, ({ items }) => items.length);
    const report = await clock.run(flow("f", { count }).run({ clock, keep: "roots" }));
    expect([...report.taskReturnSet.keys()]).toEqual(["count"]);
    for (const name of ["list", "items", "items[0]", "items[1]"]) {
      expect(report.outcome(name)).toHaveProperty("released", true);
    }
  });

  it("what is let go can be collected while the run goes on", async () => {
    const clock = new VirtualClock();
    const references: Record<string, WeakRef<object>> = {};
    const made = (name: string): object => {
      const value = { name, load: new Array(1000).fill(name) };
      references[name] = new WeakRef(value);
      return value;
    };
    const plain = task("plain", () => made("plain"));
    const picked = task("picked", () => ({ inner: made("picked") }));
    const list = task("list", () => [1, 2]);
    const items = map("items", list, (item) => made(`items[${item}]`));
    const reader = task(
      "reader",
      { plain, part: pick(picked, "inner"), items },
      (inputs) => Object.keys(inputs).length,
    );
    const long = task("long", { reader }, () => clock.wait(1000));
    const run = flow("f", { long }).run({ clock, keep: "roots" });
    await clock.advance(10);
    for (const name in references) {
      expect([name, await collected(references[name] as WeakRef<object>)]).toEqual([name, true]);
    }
    const report = await clock.run(run);
    expect(report.executionState).toBe("completed");
  });

  it.each(["at once", "after a while"])(
    "what is let go can be collected within a chain of synchronous tasks that begins %s",
    async (begins) => {
      const clock = new VirtualClock();
      const megabyte = (): readonly number[] => new Array<number>(131_072).fill(1);
      let held = 0;
      const heap = (): number => {
        collect();
        return process.memoryUsage().heapUsed / 2 ** 20;
      };
      let last = task("first", () => (begins === "at once" ? undefined : clock.wait(1)));
      const before = task("before", { last: after(last) }, heap);
      last = task("t0", { before: after(before) }, megabyte) as never;
      for (let at = 1; at < 200; at++) last = task(`t${at}`, { last }, megabyte) as never;
      const end = task("end", { last: after(last), before }, ({ before }) => {
        held = heap() - before;
      });
      const report = await clock.run(flow("f", { end }).run({ clock, keep: "roots" }));
      expect(report.executionState).toBe("completed");
      // All together are 200 MB, of which the last may be there.
      expect(held).toBeLessThan(20);
    },
  );
});
