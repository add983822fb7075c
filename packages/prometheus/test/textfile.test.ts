import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, flushObservers, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { textfileMetrics } from "../src/index.ts";
import { CLIENTS } from "./clients.ts";

const warnings = vi.fn();
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "astrum-textfile-"));
  vi.spyOn(process, "emitWarning").mockImplementation(warnings);
});
afterEach(async () => {
  vi.restoreAllMocks();
  warnings.mockClear();
  await rm(folder, { recursive: true });
});

function named(name: string, fails = false) {
  const run = (): number => {
    if (fails) throw new Error("no");
    return 1;
  };
  return flow(name, { load: task("load", {}, run) });
}

describe.each(CLIENTS)("a text file, with %s", (_, client) => {
  test("holds the last run of each flow, and nothing else is left in the folder", async () => {
    const path = join(folder, "nightly.prom");
    const clock = new VirtualClock(1_700_000_000_000);
    const observers = [textfileMetrics({ client, path })];
    await Promise.all([
      named("a").run({ clock, observers }),
      named("b", true).run({ clock, observers }),
    ]);
    await flushObservers();
    const lines = (await readFile(path, "utf8")).split("\n").filter((line) => /^[a-z]/.test(line));
    expect(lines.sort()).toEqual([
      'astrum_run_last_completion_timestamp_seconds{flow="a"} 1700000000',
      'astrum_run_last_completion_timestamp_seconds{flow="b"} 1700000000',
      'astrum_run_last_duration_seconds{flow="a"} 0',
      'astrum_run_last_duration_seconds{flow="b"} 0',
      'astrum_run_last_failure_timestamp_seconds{flow="b"} 1700000000',
      'astrum_run_last_success_timestamp_seconds{flow="a"} 1700000000',
    ]);
    expect(await readdir(folder)).toEqual(["nightly.prom"]);
  });

  test("the last success survives a failure of the next process, whatever the flow is called", async () => {
    const path = join(folder, "nightly.prom");
    const name = 'night"ly\\n\nly}';
    const first = {
      clock: new VirtualClock(1_000_000),
      observers: [textfileMetrics({ client, path })],
    };
    await named(name).run(first);
    await flushObservers();
    // A new observer stands for a new process: it knows nothing but the file.
    const next = {
      clock: new VirtualClock(2_000_000),
      observers: [textfileMetrics({ client, path })],
    };
    await named(name, true).run(next);
    await flushObservers();
    const text = await readFile(path, "utf8");
    const escaped = 'flow="night\\"ly\\\\n\\nly}"';
    expect(text).toContain(`astrum_run_last_success_timestamp_seconds{${escaped}} 1000\n`);
    expect(text).toContain(`astrum_run_last_completion_timestamp_seconds{${escaped}} 2000\n`);
    expect(text).toContain(`astrum_run_last_failure_timestamp_seconds{${escaped}} 2000\n`);
    expect(text.match(/^astrum/gm)?.length).toBe(4);
  });

  test("a file of another origin is replaced", async () => {
    const path = join(folder, "nightly.prom");
    await writeFile(path, "other_metric 1\nastrum_run_last_success_timestamp_seconds 3\n#");
    await named("a").run({ observers: [textfileMetrics({ client, path })] });
    await flushObservers();
    expect(await readFile(path, "utf8")).not.toMatch(/other_metric| 3$/m);
  });

  test("a file that cannot be written fails no run, and is warned of", async () => {
    const path = join(folder, "missing", "nightly.prom");
    const report = await named("a").run({ observers: [textfileMetrics({ client, path })] });
    await flushObservers();
    expect(report.executionState).toBe("completed");
    expect(report.observerErrors).toEqual([]);
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls[0]?.[0]).toContain(`not written to ${path}: ENOENT`);
  });
});
