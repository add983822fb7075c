import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, type SerializedReport, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import {
  eventLog,
  readEventLog,
  renderHtml,
  renderMarkdown,
  renderNdjson,
  renderText,
  reporters,
} from "../../src/index.ts";
import { printSummary } from "../../src/terminal/index.ts";
import { fixture } from "../fixtures.ts";
import { TestTerminal } from "../terminal-screen.ts";

/** What is left in the log of a run whose process was killed after so many lines. */
function killed(report: SerializedReport, upTo: (line: string) => boolean): SerializedReport {
  const lines = renderNdjson(report, { outputs: true }).split("\n");
  return readEventLog(`${lines.slice(0, lines.findIndex(upTo)).join("\n")}\n`);
}

/** One failed, one was cut off in its first and one in its second attempt, two had completed. */
async function mixedEnd(): Promise<SerializedReport> {
  const clock = new VirtualClock();
  const graph = flow("nightly", {
    done: task("done", scripted(clock, { ms: 5, return: 1 })),
    bad: task("bad", scripted(clock, { ms: 10, throw: "boom" })),
    again: task("again", scripted(clock, { ms: 20, throw: "once" }, { ms: 5000 }), { retry: 1 }),
    long: task("long", scripted(clock, { ms: 3000 })),
    late: task("late", scripted(clock, { ms: 100 })),
  });
  const run = graph.run({ clock, failure: "continue", runId: "r" });
  return killed((await clock.run(run)).toJSON({ outputs: true }), (line) =>
    line.includes('"type":"task.end","task":"late"'),
  );
}

describe("what was running when a process was killed", () => {
  it("is no failure: it is told with how long it had run, and how to go on", () => {
    const report = fixture("interrupted");
    const text = renderText(report);
    expect(text).not.toContain("Failures:");
    expect(text).toContain(
      [
        "Running when the record of the run ended:",
        "  first-3 for at least 20 ms",
        "  first-4 for at least 10 ms",
        "  first-5 just started",
        "The outputs of 3 tasks are stored: a run with `resumeFrom: readEventLog(…)`, given the same log, goes on from there.",
      ].join("\n"),
    );
    const markdown = renderMarkdown(report);
    expect(markdown).not.toContain("3 failed");
    expect(markdown).toContain("### 3 running when the record of the run ended");
    expect(markdown).toContain("| ☠ abandoned | > 20 ms | `first-3` |");
    const html = renderHtml(report);
    expect(html).not.toContain("What failed");
    expect(html).toContain("<code>first-3</code></a> for at least 20 ms");
    expect(html).toContain("<code>resumeFrom: readEventLog(…)</code>");
    expect(renderText(report, { tasks: true })).toMatch(
      /☠ +> 20 ms {2}first-3: it was running when/,
    );
  });

  it("is a line about the run in test results, which is not green", () => {
    const report = fixture("interrupted");
    expect(reporters.github.render(report)).toMatch(
      /^::error title=run::The record of the run ends after 30 ms, before the run did; running then: "first-3" \(for at least 20 ms\), "first-4" \(for at least 10 ms\), "first-5" \(just started\)\n$/,
    );
    expect(reporters.junit.render(report)).toContain('tests="15" failures="0" errors="1"');
  });

  it("stands beside what had failed, counted from its last attempt", async () => {
    const report = await mixedEnd();
    const text = renderText(report);
    expect(text).toContain("Failures:\n  ✗ bad\n      Error: boom");
    expect(text).toContain(
      "Running when the record of the run ended:\n  long for at least 100 ms\n  again for at least 80 ms\nThe outputs of 2 tasks are stored",
    );
    expect(renderHtml(report)).toContain("2 of 5 tasks had completed, 1 failed.");
    const tap = reporters.tap.render(report);
    expect(tap).toMatch(/not ok \d+ - bad\n/);
    expect(tap).toMatch(/not ok 6 - run\n/);
    expect(report.errorSummary).toEqual([
      'Task "bad" failed: boom',
      "The run r was interrupted: its event log ends before it did.",
    ]);
  });

  it("is told on a terminal too", async () => {
    const terminal = new TestTerminal({ columns: 200, rows: 60 });
    printSummary(fixture("interrupted"), { stream: terminal });
    const lines = await terminal.lines();
    expect(lines).toContain("Running when the record of the run ended:");
    expect(lines.join("\n")).not.toContain("Failures:");
  });

  it("promises no resuming where no output was stored", () => {
    const { outputs: _, ...report } = fixture("interrupted");
    expect(renderText(report)).toContain(
      "No outputs are stored with it, so a new run begins at the beginning. Given as `journal`, an event log keeps them.",
    );
  });

  it("promises what is true: a run that is given the log does not call them again", async () => {
    const clock = new VirtualClock();
    const calls: string[] = [];
    const graph = (fails: boolean) => {
      const one = task("one", () => {
        calls.push("one");
        return 1;
      });
      const two = task("two", { one }, () => {
        calls.push("two");
        if (fails) throw new Error("not now");
        return 2;
      });
      return flow("f", { two });
    };
    const file = join(mkdtempSync(join(tmpdir(), "astrum-cut-off-")), "run.ndjson");
    const { journal, observer, close } = eventLog(file);
    await clock.run(graph(true).run({ clock, journal, observers: [observer] }));
    close();
    const lines = readFileSync(file, "utf8").split("\n");
    const end = lines.findIndex((line) => line.includes("attempt.end") && line.includes('"two"'));
    const log = readEventLog(`${lines.slice(0, end).join("\n")}\n`);
    expect(renderText(log)).toContain("The output of 1 task is stored");
    const second = await clock.run(graph(false).run({ clock, resumeFrom: log }));
    expect(second.executionState).toBe("completed");
    expect(calls).toEqual(["one", "two", "two"]);
  });
});

describe("a task that did not stop when it was asked to", () => {
  it("is a failure, and says so", async () => {
    const clock = new VirtualClock();
    const deaf = task("deaf", scripted(clock, { ms: 9000, ignoresSignal: true }), {
      timeoutMs: 10,
    });
    const run = flow("f", { deaf }).run({ clock, graceMs: 20 });
    const report = (await clock.run(run)).toJSON();
    expect(renderText(report)).toContain(
      'Failures:\n  ☠ deaf\n      TimeoutError: Task "deaf" took longer',
    );
    expect(reporters.tap.render(report)).toContain(
      'message: "it did not stop when it was asked to: the attempt took longer than 10 ms"',
    );
    expect(renderText(report)).not.toContain("Running when");
  });
});
