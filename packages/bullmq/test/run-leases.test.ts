import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RunLeases } from "../src/scheduler/run-leases.ts";
import type { JobStore } from "../src/store/job-store.ts";

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Of a store that refuses so often, and then gives the run. */
function leasesOf(refusals: number): { readonly leases: RunLeases; readonly asked: () => number } {
  const script = vi.fn(async () => {
    if (script.mock.calls.length <= refusals) throw new Error("OOM command not allowed");
    return [1, 0, "", "1"];
  });
  const store = { names: { run: String }, script } as unknown as JobStore;
  const leases = new RunLeases({
    store,
    holder: "host:1/a",
    leaseMs: 600_000,
    keepMs: 0,
    outageMs: 10_000,
    onTaken() {},
    onWritten() {},
  });
  return { leases, asked: () => script.mock.calls.length };
}

test("a lease that the store refuses for longer than outageMs fails, and says of which run, how long and why", async () => {
  const { leases } = leasesOf(Number.POSITIVE_INFINITY);
  const rejected = expect(leases.hold("r")).rejects.toMatchObject({
    name: "StoreUnavailableError",
    message:
      'Run "r": the store has refused to note who has it for 10000 ms: OOM command not allowed',
  });
  await vi.advanceTimersByTimeAsync(10_400);
  await rejected;
  leases.abandon();
});

test("time in which this process stands still is not time in which the store refuses a lease", async () => {
  const { leases, asked } = leasesOf(3);
  const held = leases.hold("r");
  await vi.advanceTimersByTimeAsync(0);
  // All of it in one turn: the pause is over long since when it is heard.
  vi.advanceTimersByTime(60_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await held).toBe(false);
  expect(asked()).toBe(4);
  leases.abandon();
});
