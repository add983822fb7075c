/** Reports that something has happened to: `whatIf` ends, with figures or with who, what and the way out. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  DefinitionError,
  flow,
  loop,
  map,
  PlanError,
  RateLimit,
  type SerializedReport,
  subflow,
  type TaskStatistics,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { simulate, whatIf } from "../../src/whatif.ts";

/** A run of all that a script is made from: a map, a subflow, a loop, a task that became a flow, a retry, a tail. */
async function whole(): Promise<SerializedReport> {
  const clock = new VirtualClock();
  const list = task("list", () => [3, 1]);
  const read = map("read", list, (ms) => clock.wait(ms), {
    resources: { db: (ms) => ms },
    concurrency: 1,
  });
  const call = task("call", { list }, () => clock.wait(2), { resources: { llm: 1 }, priority: 2 });
  const load = flow("load", { all: task("all", () => clock.wait(4)) });
  const loaded = subflow("loaded", load, {});
  const draft = (text: number) =>
    flow("draft", { text: task("text", () => clock.wait(1).then(() => text)) });
  const written = loop(
    "written",
    {},
    {
      first: () => draft(0),
      next: (_, __, iteration) => draft(iteration),
      until: ({ text }) => text === 1,
      max: 3,
    },
  );
  const became = task("became", () => draft(7));
  const flaky = task("flaky", (_, { attempt }) => (attempt < 2 ? Promise.reject(1) : 1), {
    retry: { attempts: 1, baseMs: 5, backoff: "fixed" },
  });
  const all = flow(
    "whole",
    { read, call, loaded, written, became, flaky },
    { tails: { tail: task("tail", () => clock.wait(900)) } },
  );
  const llm = new RateLimit({ limit: 1, perMs: 10 });
  const options = { clock, concurrency: 3, resources: { db: 3, llm } };
  return JSON.parse(JSON.stringify(await clock.run(all.run(options))));
}

/** Every place of a value in a report that is read for this, as the names that lead to it. */
function* places(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* places(inner, [...path, key]);
}

function withValue(report: SerializedReport, path: readonly string[], value: unknown): unknown {
  const copy = structuredClone(report);
  let at = copy as unknown as Record<string, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[path.at(-1) as string] = value;
  return copy;
}

/** What became of it: figures, or a refusal; anything else is thrown. */
function answered(report: unknown): string {
  try {
    const { asRun, changes } = whatIf(report as SerializedReport, [
      { concurrency: 1, noFailures: true },
    ]);
    for (const { makespanMs } of [asRun, ...changes]) {
      if (!(makespanMs >= 0 && makespanMs < Infinity)) throw new Error(`it takes ${makespanMs}`);
    }
    return "figures";
  } catch (error) {
    if (error instanceof DefinitionError || error instanceof PlanError) return "refused";
    throw error;
  }
}

describe("Whatever stands in the place of any one value", () => {
  let report: SerializedReport;
  let paths: readonly (readonly string[])[];
  beforeAll(async () => {
    report = await whole();
    const { taskStatistics, run, planningDurationMs, totalDurationMs, originalTasks } = report;
    const { format, formatVersion, executionState, planIssues } = report;
    const read = {
      ...{ format, formatVersion, executionState, planIssues },
      ...{ taskStatistics, run, planningDurationMs, totalDurationMs, originalTasks },
    };
    paths = Array.from(places(read)).filter((path) => !path.includes("log"));
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["no number", Number.NaN],
    ["a number below 0", -1],
    ["a large number", 1e9],
    ["the largest number", Number.MAX_VALUE],
    ["text", "written"],
    ["an empty list", []],
    ["an object whose text nobody can read", { toString: 1 }],
  ])("it ends: %s", (_, value) => {
    const seen = new Set<string>();
    const wrong = paths.filter((path) => {
      try {
        seen.add(answered(withValue(report, path, value)));
        return false;
      } catch {
        return true;
      }
    });
    expect(wrong).toEqual([]);
    expect([...seen].sort()).toEqual(["figures", "refused"]);
  });
});

describe("A large study", () => {
  /** A list of so many items of a millisecond, four at a time. */
  function wide(items: number): SerializedReport {
    const list = task("list", () => [1]);
    const read = map("read", list, () => 1, { concurrency: 4 });
    const durations = { list: 0 };
    const each = { read: Array.from({ length: items }, () => 1) };
    return simulate(flow("wide", { read }).plan(), { durations, items: each }).toJSON();
  }

  it("may name everything that ran", () => {
    const report = wide(50_000);
    const names = report.taskStatistics.map(({ taskName }) => taskName);
    const faster = Object.fromEntries(names.map((name) => [name, 0.5]));
    expect(whatIf(report, [{ faster }]).changes[0]?.makespanMs).toBe(50_000 / 4 / 4);
  });

  it("has thousands of changes, each answered as if it were alone", () => {
    const report = wide(8);
    const changes = Array.from({ length: 10_000 }, (_, at) => ({ concurrency: 1 + (at % 8) }));
    const study = whatIf(report, changes);
    const told = study.changes.map(({ makespanMs }) => makespanMs);
    const alone = changes.slice(0, 8).map((change) => study.ask(change).makespanMs);
    expect(told).toEqual(changes.map((_, at) => alone[at % 8]));
  });

  it("tells ten guesses of ten thousand wrong names", () => {
    const report = wide(20_000);
    const faster = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, at) => [`raed[${at}]`, 0.5]),
    );
    let issues: DefinitionError["issues"] = [];
    try {
      whatIf(report, [{ faster }]);
    } catch (error) {
      issues = (error as DefinitionError).issues;
    }
    expect(issues).toHaveLength(10_000);
    expect(issues.filter(({ suggestion }) => suggestion !== undefined)).toHaveLength(10);
  });

  it("may be of a run that has more planned in a flow than a call can have arguments", async () => {
    const clock = new VirtualClock();
    const inner = subflow("inner", flow("inner", { part: task("part", () => clock.wait(4)) }));
    const grown = task("grown", () => flow("outer", { inner }) as never);
    const report = (await clock.run(flow("deep", { grown }).run({ clock }))).toJSON();
    const part = report.taskStatistics.find(({ taskName }) => taskName === "grown.inner.part");
    for (let at = 0; at < 150_000; at++) {
      report.taskStatistics.push({ ...(part as TaskStatistics), taskName: `grown.inner.t${at}` });
    }
    expect(whatIf(report).asRun).toMatchObject({
      makespanMs: 4,
      errorMs: 0,
      peakConcurrency: 150_001,
    });
  });
});

describe("Refused is", () => {
  const refusal = (report: SerializedReport): string => {
    try {
      whatIf(report);
    } catch (error) {
      return (error as Error).message;
    }
    return "nothing was refused";
  };
  const rowOf = ({ taskStatistics }: SerializedReport, name: string): TaskStatistics =>
    taskStatistics.find(({ taskName }) => taskName === name) as TaskStatistics;

  it("a task inside of itself, however many stand between, and thousands inside of one another", async () => {
    const report = await whole();
    rowOf(report, "became").parent = "became.text";
    expect(refusal(report)).toContain(
      'whatIf() cannot read this report: "became" is inside of itself, or of more than 500 others.',
    );
    const deep = await whole();
    const model = rowOf(deep, "became.text");
    for (let at = 0; at < 3000; at++) {
      const parent = at === 0 ? "became" : `inner ${at - 1}`;
      deep.taskStatistics.push({ ...model, taskName: `inner ${at}`, parent });
    }
    expect(refusal(deep)).toContain('"inner 500" is inside of itself, or of more than 500 others');
  });

  it("another major version of the format; a minor one only adds what may be absent", async () => {
    const report = await whole();
    const later = { ...report, formatVersion: "2.0" } as never;
    expect(refusal(later)).toContain(
      'whatIf() reads reports of format version 1, got one of version "2.0". Update @astrum/core, or give it the report of a run of this version',
    );
    expect(refusal({ ...report, formatVersion: "1.7" } as never)).toBe("nothing was refused");
  });

  it("an identifier that is no text: no sentence could name the run", async () => {
    const report = await whole();
    report.executionState = "interrupted";
    expect(refusal(report)).toContain(`run "${report.run.id}" was interrupted`);
    Object.assign(report.run, { id: { toString: 1 } });
    expect(refusal(report)).toContain("whatIf() cannot read this report: `run.id` is no text");
  });

  it("two tasks of one name", async () => {
    const report = await whole();
    rowOf(report, "became.text").taskName = "became";
    expect(refusal(report)).toContain(
      'whatIf() cannot read this report: it has two tasks "became"',
    );
  });

  it("a list with holes: no map has more items than there are", async () => {
    const report = await whole();
    rowOf(report, "read[1]").index = 9;
    expect(refusal(report)).toContain('"read[1]" is no item that could be');
  });

  it("what no run could do: a task that holds more than there was, or spends more at once", async () => {
    const held = await whole();
    rowOf(held, "read[0]").resources = { db: 4 };
    expect(refusal(held)).toContain('("read[0]") holds 4 of "db", and there was 3');
    const spent = await whole();
    rowOf(spent, "call").resources = { llm: 2 };
    expect(refusal(spent)).toContain('("call") holds 2 of "llm", and there was 1');
    const unknown = await whole();
    rowOf(unknown, "call").resources = { gpu: 1 };
    expect(refusal(unknown)).toContain('("call") holds 1 of "gpu", and there was 0');
  });

  it("what takes for ever: units of a rate that do not come back before time ends", async () => {
    const report = await whole();
    Object.assign(report.run.config.rates as object, {
      llm: { limit: 5e-324, perMs: 1, burst: 1 },
    });
    rowOf(report, "became").resources = { llm: 1 };
    expect(refusal(report)).toContain('The simulated run cannot end: task "became" waits');
  });
});
