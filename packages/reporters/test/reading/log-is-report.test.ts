/**
 * The report made of a run's log is the run's own, field by field. Where it is not, it says more, and each such place is
 * listed here with its reason.
 */
import type { SerializedReport } from "@astrum/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RandomRun, randomRun } from "../../../core/test/random-graph.ts";
import { readEventLog } from "../../src/index.ts";
import { type LoggedRun, loggedRun, loggedStages } from "../random-log.ts";

const SEED = 20_260_101;

/** What a log says, without what it says beyond the report of its run. */
function asReported(own: SerializedReport, read: SerializedReport): SerializedReport {
  const { outputs, origins, taskStatistics, ...rest } = read;
  const made = reported(own, origins);
  return JSON.parse(
    JSON.stringify({
      ...rest,
      // What an output was cannot be said once it was let go: the log said it before.
      taskStatistics: taskStatistics.map(({ output, ...row }, index) =>
        own.taskStatistics[index]?.output === undefined ? row : { ...row, output },
      ),
      // The report was asked for outputs, and says so when there are none; a log has no line for that.
      outputs: reported(own, outputs),
      ...(Object.keys(made).length === 0 ? {} : { origins: made }),
    }),
  ) as SerializedReport;
}

/** Tail tasks that the run did not wait for have no output when it ends; the journal is told of them later. */
function reported<T>(own: SerializedReport, stored: Readonly<Record<string, T>> = {}): object {
  return Object.fromEntries(
    Object.entries(stored).filter(([name]) => own.outputs?.[name] !== undefined),
  );
}

/** What finally tasks gave after the journal had failed is not in the log: it is told nothing more. */
function asLogged(own: SerializedReport, read: SerializedReport): SerializedReport {
  const late = own.taskStatistics
    .filter(({ taskName, role }) => role === "finally" && read.outputs?.[taskName] === undefined)
    .map(({ taskName }) => taskName);
  if (late.length === 0 || !own.errorSummary.join().includes("journal")) return own;
  const { outputs, origins, ...rest } = own;
  const made = without(late, origins);
  return {
    ...rest,
    outputs: without(late, outputs),
    ...(Object.keys(made).length === 0 ? {} : { origins: made }),
  };
}

function without<T>(names: readonly string[], record: Readonly<Record<string, T>> = {}) {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

/** Rejects with the smallest run whose log says something else. */
async function logsAreReports(
  run: (spec: RandomRun) => Promise<LoggedRun>,
  numRuns: number,
): Promise<void> {
  const { stackTraceLimit } = Error;
  // Reading a stack takes longer than the run.
  Error.stackTraceLimit = 0;
  const property = fc.asyncProperty(randomRun, async (spec) => {
    const { own, log } = await run(spec);
    const read = readEventLog(log);
    expect(asReported(own, read)).toEqual(asLogged(own, read));
  });
  try {
    await fc.assert(property, { numRuns, seed: SEED });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

describe("The report that is made of a run's log is the run's own", { timeout: 120_000 }, () => {
  it("in 1,000 random runs", () => logsAreReports(loggedRun, 1000));

  it("in 300 random runs, stage by stage", () => logsAreReports(loggedStages, 300));

  it("in 300 random runs that take up an earlier one", () =>
    logsAreReports(async (spec) => {
      // A journal that fails is not told of all that was restored, and the log has no other line for it.
      const storing = { ...spec, journalBreaksAt: undefined };
      return loggedRun(storing, { resumeFrom: (await loggedRun(storing)).own });
    }, 300));
});
