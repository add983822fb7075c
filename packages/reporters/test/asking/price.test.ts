import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, map, type RunOptions, type SerializedReport, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import { insight } from "../../src/asking/insight.ts";
import { priceText } from "../../src/asking/price.ts";
import { eventLog, readEventLog, renderHtml } from "../../src/index.ts";
import { exampleRun } from "../example-runs.ts";
import { fixture } from "../fixtures.ts";

/** Twenty items, of which one cannot be read at first; what needs all of them, when `skips`. */
function graph(clock: VirtualClock, { fails = false, skips = false } = {}) {
  const list = task(
    "list",
    scripted(clock, { ms: 10, return: Array.from({ length: 20 }, (_, at) => at) }),
  );
  const read = map("read", list as never, async (at: number) => {
    await clock.wait(100);
    if (fails && at === 7) throw new Error("unreadable");
    return at;
  });
  const sum = task("sum", { read }, scripted(clock, { ms: 30, return: 1 }));
  return flow("files", skips ? { sum } : { read });
}

async function ran(options: RunOptions, how: object): Promise<SerializedReport> {
  const clock = new VirtualClock();
  const run = graph(clock, how).run({ clock, concurrency: 2, failure: "continue", ...options });
  return (await clock.run(run)).toJSON();
}

function price(report: SerializedReport): string | undefined {
  return priceText(report, insight(report).makespanMs);
}

describe("What the failures of a run cost", () => {
  it("is the work that came to nothing, and what the run takes that goes on, as it then takes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "astrum-price-"));
    try {
      const path = join(folder, "run.ndjson");
      const log = eventLog(path);
      const report = await ran(
        { journal: log.journal, observers: [log.observer] },
        { fails: true },
      );
      log.close();
      expect(price(report)).toBe(
        "100 ms of work came to nothing. Resuming from the event log takes 100 ms instead of 1.01 s: it keeps the stored results of 20 tasks (1.91 s of work) and runs 1 task.",
      );
      const resumed = await ran({ resumeFrom: readEventLog(path) }, {});
      expect(insight(resumed).makespanMs).toBe(100);
      expect(resumed.restoredTasks).toBe(20);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("says at least, where tasks did not run of which nobody knows how long they take", async () => {
    const text = price(await ran({}, { fails: true, skips: true }));
    expect(text).toBe(
      "100 ms of work came to nothing, and 1 task did not run. Resuming from the event log takes at least 100 ms instead of 1.01 s: it keeps the stored results of 20 tasks (1.91 s of work) and runs 2 tasks.",
    );
  });

  it("is not simulated of a run that ended early, nor of a report of version 1.0", async () => {
    const clock = new VirtualClock();
    const bad = task("bad", scripted(clock, { ms: 5, throw: "down" }));
    const slow = task("slow", scripted(clock, { ms: 50 }));
    const quick = task("quick", scripted(clock, { ms: 2, return: 1 }));
    const all = flow("stopped", { quick, bad, slow });
    const stopped = (await clock.run(all.run({ clock, failure: "stop" }))).toJSON();
    expect(price(stopped)).toMatch(/ and runs 2 tasks\.$/);
    expect(price(fixture("mixed"))).not.toContain("takes");
  });

  it("is not told of a run without failures, or of one in which nothing ran", async () => {
    expect(price(await ran({}, {}))).toBeUndefined();
    expect(price(fixture("planning-failure"))).toBeUndefined();
    expect(price(await exampleRun("one"))).toBeUndefined();
  });

  it("stands above the failures on the page", async () => {
    const report = await ran({}, { fails: true });
    expect(renderHtml(report)).toContain(`<p class="hint price">${price(report)}</p>`);
  });
});
