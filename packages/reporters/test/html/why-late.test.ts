import { flow, type RunOptions, type SerializedReport, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import { Run } from "../../page/run.ts";
import { whyLate } from "../../page/why-late.ts";
import { pageDataOf } from "../../src/html/from-report.ts";
import { exampleRun } from "../example-runs.ts";
import { nestedRun } from "../nested-runs.ts";

function opened(report: SerializedReport): Run {
  return new Run(pageDataOf(report, "run"));
}

/** As it is read. */
function sentence(run: Run, name: string): string | undefined {
  return whyLate(run, run.data.tasks.name.indexOf(name))
    ?.map((part) => (typeof part === "number" ? run.name(part) : part))
    .join("");
}

describe("Why a task started so late, in one sentence", () => {
  async function ran(options: RunOptions): Promise<Run> {
    const clock = new VirtualClock();
    const db = { resources: { db: 1 } };
    const fetch = task("fetch", scripted(clock, { ms: 10, throw: "busy" }, { ms: 20 }), {
      retry: { attempts: 2, baseMs: 5, backoff: "fixed", jitter: "none" },
    });
    const first = task("first", { fetch }, scripted(clock, { ms: 100 }), db);
    const second = task("second", { fetch }, scripted(clock, { ms: 50 }), db);
    const third = task("third", { second }, scripted(clock, { ms: 7 }));
    const fourth = task("fourth", { third }, scripted(clock, { ms: 1 }));
    const never = task("never", { fourth }, scripted(clock, { ms: 1 }), {
      when: () => ({ skip: "no" }),
    });
    const all = flow("late", { first, fourth, never });
    return opened((await clock.run(all.run({ clock, resources: { db: 1 }, ...options }))).toJSON());
  }

  it("is walked back to the beginning: what it needed, who had what it waited for, what failed before", async () => {
    const run = await ran({});
    expect(sentence(run, "first")).toBe(
      "It started at 85 ms, when second gave back db; that started at 35 ms, when fetch had ended; that started at 15 ms, after its attempt before had failed; that started at 0 ms, with nothing to wait for.",
    );
    expect(sentence(run, "fourth")).toBe(
      "It started at 92 ms, when third had ended; that started at 85 ms, when second had ended; that started at 35 ms, when fetch had ended; 1 more such step before; at the beginning fetch at 0 ms, with nothing to wait for.",
    );
    expect(sentence(run, "fetch")).toBe("It started at 0 ms, with nothing to wait for.");
  });

  it("is about a slot, where that was lacking", async () => {
    const clock = new VirtualClock();
    const two = ["one", "two"].map((name) => task(name, scripted(clock, { ms: 50 })));
    const all = flow("two", Object.fromEntries(two.map((each) => [each.name, each])));
    const report = (await clock.run(all.run({ clock, concurrency: 1 }))).toJSON();
    expect(sentence(opened(report), "two")).toBe(
      "It started at 50 ms, when one gave back a slot; that started at 0 ms, with nothing to wait for.",
    );
  });

  it("names nobody who is not known to have had what it waited for", async () => {
    const run = opened(await nestedRun({ fails: true }));
    expect(sentence(run, "thumbs[1]")).toBe(
      "It started at 3 ms, when a slot was free, after photos had ended; that started at 0 ms, with nothing to wait for.",
    );
    expect(sentence(run, "crawl.load")).toBe(
      "It started at 8 ms, when crawl had said what is inside of it; that started at 8 ms, when us.rank had ended; that started at 5 ms, when us.load had ended; that started at 0 ms, with nothing to wait for.",
    );
  });

  it("is not there for a task that never started", async () => {
    expect(sentence(await ran({}), "never")).toBeUndefined();
  });

  it("names of every task of every example only what had begun when it started, ever earlier, to the beginning", async () => {
    const reports = [
      await exampleRun("release"),
      await exampleRun("nightly"),
      await nestedRun({ fails: true }),
    ];
    for (const report of reports) {
      const run = opened(report);
      const planned = report.planningDurationMs * 1000;
      let told = 0;
      for (let at = 0; at < run.taskCount; at++) {
        const parts = whyLate(run, at);
        if (parts === undefined) continue;
        told++;
        let startUs = run.data.attempts.startUs[run.attemptsOf(at)[0] ?? -1] ?? 0;
        for (const part of parts) {
          if (typeof part !== "number") continue;
          const attempts = run.attemptsOf(part);
          const starts = attempts.map((one) => run.data.attempts.startUs[one] ?? 0);
          const us = starts.findLast((start) => start <= startUs);
          expect(us, run.name(at)).toBeDefined();
          expect(us, run.name(at)).toBeLessThanOrEqual(startUs);
          startUs = us ?? 0;
        }
        expect(startUs, run.name(at)).toBeLessThanOrEqual(planned + 1000);
      }
      expect(told).toBeGreaterThan(10);
    }
  });
});
