import { expect, test } from "vitest";
import { flow, type Observer, type RunEndEvent, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

function endsOf(): { observer: Observer; ends: RunEndEvent[] } {
  const ends: RunEndEvent[] = [];
  return {
    observer: { name: "ends", run: () => ({ end: (event) => void ends.push(event) }) },
    ends,
  };
}

test("the end of a run says whether its own time limit stopped it, and not a task's", async () => {
  const clock = new VirtualClock();
  const { observer, ends } = endsOf();
  const run = (options: object, timeoutMs?: number): Promise<unknown> => {
    const slow = task("slow", {}, (_, { signal }) => clock.wait(100, signal), {
      ...(timeoutMs && { timeoutMs }),
    });
    return clock.run(flow("one", { slow }).run({ clock, observers: [observer], ...options }));
  };
  await run({ timeoutMs: 50 });
  await run({}, 50);
  await run({ signal: AbortSignal.abort() });
  await run({ timeoutMs: 500 });
  expect(ends.map(({ executionState, timedOut }) => [executionState, timedOut])).toEqual([
    ["failed", true],
    ["failed", false],
    ["cancelled", false],
    ["completed", false],
  ]);
});

test("the end of a run counts what each observer did wrong, repeats included", async () => {
  const { observer, ends } = endsOf();
  const throws = (): never => {
    throw new Error("no");
  };
  const hostile: Observer = { name: "__proto__", run: () => ({ status: throws }) };
  const one = flow("one", { a: task("a", {}, () => 1), b: task("b", {}, () => 2) });
  const report = await one.run({ observers: [observer, hostile] });
  // Two tasks, each told to wait, to run and to be done; one line in the report, because it is one fault.
  expect(ends[0]?.observerFaults).toEqual([{ observer: "__proto__", count: expect.any(Number) }]);
  expect(ends[0]?.observerFaults[0]?.count).toBeGreaterThanOrEqual(6);
  expect(report.observerErrors?.length).toBe(1);

  await one.run({ observers: [observer] });
  expect(ends[1]?.observerFaults).toEqual([]);
});
