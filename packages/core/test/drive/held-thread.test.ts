/** On the real clock and the real thread: nothing here asks how long anything took, but for who held the thread too long. */
import { describe, expect, it, vi } from "vitest";
import { flow, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Gate, row } from "../scenario.ts";

/** Holds the thread, for much longer than is told. */
function hold(): void {
  const until = performance.now() + 150;
  while (performance.now() < until);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("A task that holds the thread after an await", () => {
  it("is told of when that is the last thing that it does", async () => {
    const busy = task("busy", async () => {
      await turn();
      hold();
    });
    const report = await flow("f", { busy }).run();
    expect(row(report, "busy").blockedMs).toBeGreaterThan(50);
  });

  it("and when it waits again after that", async () => {
    const busy = task("busy", async () => {
      await turn();
      hold();
      // The timer that looks is overdue, so it rings before the next turn.
      await turn();
      await turn();
    });
    const report = await flow("f", { busy }).run();
    expect(row(report, "busy").blockedMs).toBeGreaterThan(50);
  });

  it("and when it fails", async () => {
    const busy = task("busy", async () => {
      await turn();
      hold();
      throw new Error("tired");
    });
    const report = await flow("f", { busy }).run();
    expect(row(report, "busy").blockedMs).toBeGreaterThan(50);
  });

  it("is not told of while another attempt is under way: nobody knows whose it was", async () => {
    const gate = new Gate();
    const waits = task("waits", () => gate.promise);
    const busy = task("busy", async () => {
      await turn();
      hold();
      gate.open();
    });
    const report = await flow("f", { waits, busy }).run();
    expect(row(report, "busy").blockedMs).toBeUndefined();
    expect(row(report, "waits").blockedMs).toBeUndefined();
  });

  it("is not looked for on a clock of one's own, nor where a runner carries attempts out", async () => {
    const busy = task("busy", async () => {
      await turn();
      hold();
    });
    const own = await flow("f", { busy }).run({ clock: new VirtualClock() });
    expect(row(own, "busy").blockedMs).toBeUndefined();
    const runner = ({
      run,
      args,
      context,
    }: {
      run: (...all: unknown[]) => unknown;
      args: readonly unknown[];
      context: unknown;
    }) => run(...args, context);
    const elsewhere = await flow("f", { busy }).run({ runner });
    expect(row(elsewhere, "busy").blockedMs).toBeUndefined();
  });

  it("costs no timer that a test could see or fake", async () => {
    vi.useFakeTimers();
    try {
      const gate = new Gate();
      const run = flow("f", { waits: task("waits", () => gate.promise) }).run();
      await Promise.resolve();
      const before = vi.getTimerCount();
      gate.open();
      await run;
      // That which keeps the process alive is all there was.
      expect(before).toBeLessThanOrEqual(1);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
