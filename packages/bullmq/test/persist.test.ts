import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { persist } from "../src/scheduler/persist.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Refuses so often, then takes it. */
function store(refusals: number) {
  let left = refusals;
  return vi.fn(async () => {
    if (left-- > 0) throw new Error("OOM command not allowed");
  });
}

const of = { taskName: "render", outageMs: 10_000, over: () => false };

test("what the store refuses is tried again, each time after twice the pause, and after a second at most", async () => {
  const put = store(7);
  const since = performance.now();
  const times: number[] = [];
  const done = persist(() => {
    times.push(performance.now() - since);
    return put();
  }, of);
  await vi.runAllTimersAsync();
  expect(await done).toBe(true);
  expect(times).toEqual([0, 50, 150, 350, 750, 1_550, 2_550, 3_550]);
});

test("what is asked to stop during a pause is not put in any more, and rejects with the reason", async () => {
  const put = store(1);
  const reason = new Error("enough");
  let stopping = false;
  const over = (): boolean => {
    if (stopping) throw reason;
    return false;
  };
  const done = persist(put, { ...of, over });
  const rejected = expect(done).rejects.toBe(reason);
  await vi.advanceTimersByTimeAsync(10);
  expect(put).toHaveBeenCalledTimes(1);
  stopping = true;
  await vi.runAllTimersAsync();
  await rejected;
  expect(put).toHaveBeenCalledTimes(1);
});

test("what is asked to stop while the store refuses it rejects with the reason, without a pause", async () => {
  const put = store(1);
  const reason = new Error("enough");
  const over = (): boolean => {
    throw reason;
  };
  await expect(persist(put, { ...of, over })).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
});

test("what was answered during a pause is not put in any more", async () => {
  const put = store(1);
  let answered = false;
  const done = persist(put, { ...of, over: () => answered });
  await vi.advanceTimersByTimeAsync(10);
  answered = true;
  await vi.runAllTimersAsync();
  expect(await done).toBe(false);
  expect(put).toHaveBeenCalledTimes(1);
});

test("what the store refuses for longer than outageMs fails, and says which task, how long and why", async () => {
  const put = store(Number.POSITIVE_INFINITY);
  const rejected = expect(persist(put, of)).rejects.toMatchObject({
    name: "StoreUnavailableError",
    message: 'Task "render": the store has refused it for 10000 ms: OOM command not allowed',
    cause: { message: "OOM command not allowed" },
  });
  await vi.runAllTimersAsync();
  await rejected;
});

test("time in which this process stands still is not time in which the store refuses", async () => {
  const put = store(3);
  const done = persist(put, of);
  await vi.advanceTimersByTimeAsync(0);
  // All of it in one turn: the pause is over long since when it is heard.
  vi.advanceTimersByTime(60_000);
  await vi.runAllTimersAsync();
  expect(await done).toBe(true);
  expect(put).toHaveBeenCalledTimes(4);
});
