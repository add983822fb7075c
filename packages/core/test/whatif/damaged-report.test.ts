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
import { whatIf } from "../../src/whatif.ts";

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
    const read = { taskStatistics, run, planningDurationMs, totalDurationMs, originalTasks };
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
