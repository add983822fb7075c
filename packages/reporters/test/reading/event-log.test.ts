import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { flow, type SerializedReport, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { testObserver } from "astrum-conformance";
import { afterAll, describe, expect, it } from "vitest";
import {
  eventLog,
  parseReport,
  type Redaction,
  ReportFormatError,
  readEventLog,
  renderJson,
  renderNdjson,
} from "../../src/index.ts";
import { fixture, fixtureNames, fixtureText } from "../fixtures.ts";
import { type RunName, runNamed } from "../runs.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function newFile(): string {
  return join(folder, `${files++}.ndjson`);
}

describe.each(fixtureNames)("the fixture %s as an event log", (name) => {
  it("is read back as it was", () => {
    const text = renderNdjson(fixture(name), { outputs: true, redact: false });
    expect(readEventLog(text)).toEqual(JSON.parse(fixtureText(name)));
  });
});

describe("a log of tasks that are called like a property of every object", () => {
  it("is read back as it was, also when they have no output", async () => {
    const before = task("before", () => 1);
    const fails = task("constructor", { before }, () => Promise.reject(new Error("no")), {
      onFailure: "ignore",
    });
    const report = await flow("f", { before, fails }).run();
    const stored = JSON.parse(JSON.stringify(report.toJSON({ outputs: true })));
    for (const one of [report, stored]) {
      expect(readEventLog(renderNdjson(one, { outputs: true, redact: false }))).toEqual(stored);
    }
  });

  it("gives none of them what another went on for after it was asked to stop", async () => {
    const { report, text } = await cancelledBeforeItWasAsked(["constructor", "asked"]);
    expect(report.taskStatistics.map(({ overrunMs }) => overrunMs)).toEqual([undefined, 20]);
    expect(readEventLog(text).taskStatistics).toEqual(report.taskStatistics);
  });
});

/** A run that is cancelled while it waits for a condition of the second task, which takes longer than its grace period. */
async function cancelledBeforeItWasAsked(
  [first, second]: readonly [string, string],
  redact?: Redaction,
): Promise<{ readonly report: SerializedReport; readonly text: string }> {
  const clock = new VirtualClock();
  const file = newFile();
  const log = eventLog(file, { redact });
  const plain = task(first, scripted(clock, { ms: 1 }));
  // As a program without types writes it.
  const when = (() => clock.wait(50).then(() => true)) as never;
  const asked = task(second, () => 1, { when });
  const run = flow("f", { plain, asked }).start({ clock, graceMs: 20, observers: [log.observer] });
  clock.after(10, () => run.cancel());
  const report = await clock.run(run.report);
  log.close();
  return { report: report.toJSON(), text: readFileSync(file, "utf8") };
}

describe("a log that was cut off anywhere", () => {
  const lines = renderNdjson(fixture("cancelled"), { redact: false }).trimEnd().split("\n");

  it("gives a valid report of an interrupted run, with what was complete and nothing more", () => {
    for (let length = 1; length < lines.length; length++) {
      const cut = `${lines.slice(0, length).join("\n")}\n${(lines[length] ?? "").slice(0, 40)}`;
      const report = readEventLog(cut);
      expect(parseReport(renderJson(report)).executionState).toBe("interrupted");
      const ended = lines
        .slice(0, length)
        .filter(
          (line) =>
            line.includes('"type":"task.end"') && line.includes('"outcome":{"status":"completed"'),
        );
      expect(report.successfulTasks).toBe(ended.length);
      const {
        successfulTasks,
        failedTasks,
        cancelledTasks,
        skippedTasks,
        restoredTasks,
        detachedTasks,
        abandonedTasks,
      } = report;
      expect(
        successfulTasks +
          failedTasks +
          cancelledTasks +
          skippedTasks +
          restoredTasks +
          detachedTasks +
          abandonedTasks,
      ).toBe(report.totalTasks);
    }
  });

  it("says so in the error summary", () => {
    const report = readEventLog(`${lines.slice(0, 30).join("\n")}\n`);
    expect(report.errorSummary.at(-1)).toBe(
      "The run run-cancelled was interrupted: its event log ends before it did.",
    );
  });
});

describe("what a run told while it went on", () => {
  it.each(["one", "mixed", "cancelled", "empty"] as readonly RunName[])(
    "is the report of the run %s, as far as it was told",
    async (name) => {
      const file = newFile();
      const log = eventLog(file);
      const report = (
        await runNamed(name, { observers: [log.observer], journal: log.journal })
      ).toJSON({ outputs: true });
      log.close();
      const read = readEventLog(file);
      expect(renderJson(parseReport(renderJson(read)))).toBe(renderJson(read));
      const facts = ({
        executionState,
        totalDurationMs,
        totalTasks,
        totalStages,
        maxParallelism,
        peakConcurrency,
        successfulTasks,
        failedTasks,
        cancelledTasks,
        skippedTasks,
        detachedTasks,
        abandonedTasks,
        flakyTasks,
        totalAttempts,
        busyMs,
        outputs = {},
      }: typeof read): unknown => ({
        executionState,
        totalDurationMs,
        totalTasks,
        totalStages,
        maxParallelism,
        peakConcurrency,
        successfulTasks,
        failedTasks,
        cancelledTasks,
        skippedTasks,
        detachedTasks,
        abandonedTasks,
        flakyTasks,
        totalAttempts,
        busyMs,
        outputs,
      });
      expect(facts(read)).toEqual(facts(report));
      const rows = ({ taskStatistics }: typeof read): unknown =>
        taskStatistics.map(
          ({
            taskName,
            status,
            stageId,
            parent,
            index,
            startAt,
            endAt,
            queuedMs,
            durationMs,
            runMs,
            attemptCount,
            attemptStatistics,
            error,
          }) => ({
            taskName,
            status,
            stageId,
            parent,
            index,
            startAt,
            endAt,
            queuedMs,
            durationMs,
            runMs,
            attemptCount,
            error,
            attempts: attemptStatistics.map((attempt) => ({
              status: attempt.status,
              startAt: attempt.startAt,
              endAt: attempt.endAt,
              willRetry: attempt.willRetry,
              delayMs: attempt.delayMs,
              error: attempt.error,
              slot: attempt.slot === undefined,
            })),
          }),
        );
      expect(rows(read)).toEqual(rows(report));
    },
  );

  it("tiles the time of the run with a critical path, like the engine's", async () => {
    const file = newFile();
    const log = eventLog(file);
    const report = await runNamed("hostile", { observers: [log.observer], journal: log.journal });
    log.close();
    const { criticalPath, boundBy } = readEventLog(file).analysis;
    const sum = criticalPath.reduce((total, { gapMs, runMs }) => total + gapMs + runMs, 0);
    const end = Math.max(...report.taskStatistics.map(({ endAt }) => endAt ?? 0));
    expect(sum).toBeCloseTo(end, 6);
    expect(boundBy).toBe(report.analysis.boundBy);
    // Where one end both released a task and made room for it, the engine alone knows which counted.
    const steps = (path: typeof criticalPath): unknown => path.map(({ link: _, ...step }) => step);
    expect(steps(criticalPath)).toEqual(steps(report.analysis.criticalPath));
  });
});

describe("the observer of a log", () => testObserver(() => eventLog(newFile()).observer));

describe("the file of a log", () => {
  it("is appended to, after a line break where a crash cut a line in two", async () => {
    const file = newFile();
    writeFileSync(file, '{"v":1,"seq":0,"run":"first","at":5,"type":"run.st');
    const log = eventLog(pathToFileURL(file));
    await runNamed("one", { observers: [log.observer] });
    log.close();
    expect(readFileSync(file, "utf8").split("\n")[1]).toContain('"type":"run.start"');
    expect(readEventLog(pathToFileURL(file)).executionState).toBe("completed");
  });

  it("may hold several runs, and the last that started is read unless another is named", async () => {
    const file = newFile();
    const log = eventLog(file);
    const options = { observers: [log.observer], journal: log.journal };
    await Promise.all([
      runNamed("one", { ...options, runId: "a" }),
      runNamed("cancelled", { ...options, runId: "b" }),
    ]);
    log.close();
    expect(readEventLog(file).run.id).toBe("b");
    expect(readEventLog(file, { runId: "a" }).totalTasks).toBe(1);
    expect(() => readEventLog(file, { runId: "c" })).toThrow(
      'The log holds no run "c", only "a", "b".',
    );
  });

  it("stays open when a descriptor was handed in, and refuses lines after close", async () => {
    const file = newFile();
    const fd = openSync(file, "a");
    const log = eventLog(fd);
    await runNamed("one", { observers: [log.observer] });
    log.close();
    log.close();
    closeSync(fd);
    expect(readEventLog(file).successfulTasks).toBe(1);
    expect(() => log.journal({ type: "completed", at: 0 })).toThrow(/closed/);
  });

  it("that cannot be written fails the run: nothing may depend on what is not stored", async () => {
    const fd = openSync("/dev/full", "w");
    const log = eventLog(fd);
    const report = await runNamed("one", { observers: [log.observer], journal: log.journal });
    closeSync(fd);
    expect(report.executionState).toBe("failed");
    expect(report.observerErrors?.length).toBeGreaterThan(0);
  });

  it("that cannot be opened is an error before anything ran", () => {
    expect(() => eventLog(join(folder, "missing", "log.ndjson"))).toThrow(/ENOENT/);
  });
});

describe("resuming from a log", () => {
  it("works over and over in one file: what an earlier run stored is still there", async () => {
    const file = newFile();
    const calls: string[] = [];
    const clock = new VirtualClock();
    const call = (
      name: string,
      step: Parameters<typeof scripted>[1],
    ): ReturnType<typeof scripted> => {
      const play = scripted(clock, step);
      return (inputs, context) => {
        calls.push(name);
        return play(inputs, context);
      };
    };
    const once = async (broken: boolean): Promise<string> => {
      const log = eventLog(file);
      const first = task("first", call("first", { ms: 1, return: { rows: 7 } }));
      const second = task(
        "second",
        { first },
        call("second", broken ? { ms: 1, throw: "no" } : { ms: 1, return: "two" }),
      );
      const third = task("third", { second }, call("third", { ms: 1, return: 3 }));
      const resume = readFileSync(file, "utf8") === "" ? {} : { resumeFrom: readEventLog(file) };
      const report = await clock.run(
        flow("chain", { third }).run({
          clock,
          journal: log.journal,
          observers: [log.observer],
          ...resume,
        }),
      );
      log.close();
      return report.executionState;
    };
    expect(await once(true)).toBe("failed");
    expect(await once(true)).toBe("failed");
    expect(await once(false)).toBe("completed");
    expect(calls).toEqual(["first", "second", "second", "second", "third"]);
  });
});

describe("secrets", () => {
  it("do not reach the file, and an output that held one is not stored", async () => {
    const file = newFile();
    const log = eventLog(file, { redact: ["hunter2"] });
    const clock = new VirtualClock();
    const leaky = task("leaky", scripted(clock, { ms: 1, return: { url: "https://hunter2@x" } }));
    const careless = task(
      "careless",
      scripted(clock, { ms: 1, return: { password: "swordfish", ok: true } }),
    );
    const loud = task(
      "loud",
      scripted(clock, {
        ms: 1,
        throw: Object.assign(new Error("bad hunter2"), { token: "swordfish" }),
      }),
      { onFailure: "ignore" },
    );
    await clock.run(
      flow("secret", { leaky, careless, loud }).run({
        clock,
        journal: log.journal,
        observers: [log.observer],
        attributes: { note: "hunter2" },
      }),
    );
    log.close();
    const text = readFileSync(file, "utf8");
    expect(text).not.toMatch(/hunter2|swordfish/);
    expect(readEventLog(file).outputs?.leaky).toEqual({
      encoding: "omitted",
      why: "redacted",
      type: "object",
    });
  });
});

describe("secrets in the name of a task", () => {
  it("do not reach the file with how long the task went on after it was asked to stop", async () => {
    const { text } = await cancelledBeforeItWasAsked(["first", "mail hunter2"], ["hunter2"]);
    expect(text).not.toContain("hunter2");
    expect(readEventLog(text).taskStatistics).toMatchObject([
      { taskName: "first" },
      { taskName: "mail [redacted]", overrunMs: 20 },
    ]);
  });
});

describe("readEventLog refuses", () => {
  it.each<[string, string, RegExp]>([
    ["a report", '{"format":"astrum.execution-report"}\n', /use parseReport/],
    ["text that is no log", "hello\nworld\n", /no complete line/],
    [
      "lines of a newer version",
      '{"v":2,"seq":0,"run":"a","at":1,"type":"run.start"}\n',
      /version 2; this reader knows version 1\. Update/,
    ],
  ])("%s", (_, text, message) => {
    expect(() => readEventLog(text)).toThrow(ReportFormatError);
    expect(() => readEventLog(text)).toThrow(message);
  });

  it("but skips lines of types that it does not know", () => {
    const text = renderNdjson(fixture("one"), { outputs: true, redact: false }).replace(
      "\n",
      '\n{"v":1,"seq":0,"run":"run-one","at":1,"type":"weather.changed","sun":true}\n',
    );
    expect(readEventLog(text)).toEqual(JSON.parse(fixtureText("one")));
  });
});
