import { flow, map, type RunOptions, type SerializedReport, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import {
  compareReports,
  type ReportComparison,
  renderComparisonMarkdown,
  renderComparisonText,
} from "../../src/index.ts";

import { fixture, fixtureNames } from "../fixtures.ts";

interface Lengths {
  readonly files?: Readonly<Record<string, number>>;
  readonly build?: number;
  readonly fails?: boolean;
  readonly deploy?: boolean;
}

/** Files are read by their names, then something is built of them. */
async function ran(
  id: string,
  { files = { a: 100, b: 200, c: 300 }, build = 500, fails = false, deploy = false }: Lengths = {},
  options: RunOptions = {},
): Promise<SerializedReport> {
  const clock = new VirtualClock();
  const list = task("list", () => Object.keys(files));
  const read = map("read", list, (file) => clock.wait(files[file] ?? 0), { key: (file) => file });
  const built = task("build", { read }, async () => {
    await clock.wait(build);
    if (fails) throw new Error("broken");
  });
  const roots = deploy ? { built, deploy: task("deploy", { built }, () => 1) } : { built };
  const run = flow("site", roots).run({ clock, runId: id, concurrency: 2, ...options });
  return (await clock.run(run)).toJSON();
}

/** What every comparison must keep. */
function addsUp({ path, makespan }: ReportComparison): void {
  const sum = path.reduce((ms, { changeMs }) => ms + changeMs, 0);
  expect(sum).toBeCloseTo(makespan.changeMs, 6);
}

describe("Two runs compared", () => {
  it("say what changed along the critical path, so that it adds up", async () => {
    const before = await ran("r1");
    const after = await ran("r2", { files: { a: 100, b: 200, c: 420 }, build: 450 });
    const comparison = compareReports(before, after);
    addsUp(comparison);
    expect(comparison.path).toEqual([
      { task: "read", what: "ran", beforeMs: 400, afterMs: 520, changeMs: 120 },
      { task: "build", what: "ran", beforeMs: 500, afterMs: 450, changeMs: -50 },
    ]);
    expect(comparison.makespan).toEqual({ beforeMs: 900, afterMs: 970, changeMs: 70 });
  });

  it("match items by key, wherever they stand in the list", async () => {
    const before = await ran("r1");
    const after = await ran("r2", { files: { c: 300, new: 50, b: 260, a: 100 } });
    const comparison = compareReports(before, after);
    addsUp(comparison);
    expect(comparison.slower).toEqual([
      { task: "read[b]", beforeMs: 200, afterMs: 260, changeMs: 60 },
    ]);
    expect([comparison.added, comparison.removed]).toEqual([["read[new]"], []]);
  });

  it("call a map newly critical and not each of its items, which change places by chance", async () => {
    const before = await ran("r1");
    const other = await ran("r2", { files: { a: 310, b: 200, c: 100 } });
    expect(compareReports(before, other).newlyCritical).toEqual([]);
    const none = await ran("r3", { files: {} });
    expect(compareReports(none, before).newlyCritical).toEqual(["read"]);
  });

  it("of the same program differ in nothing", async () => {
    const comparison = compareReports(await ran("r1"), await ran("r2"));
    expect(comparison).toMatchObject({ path: [], slower: [], faster: [], newlyCritical: [] });
    expect(comparison.verdict).toEqual({
      is: "same",
      sentence: "As fast as before: 900 ms instead of 900 ms.",
      exitCode: 0,
    });
  });
});

it("Whatever two reports hold, what changed along the path adds up", () => {
  for (const before of fixtureNames) {
    for (const after of fixtureNames) {
      const comparison = compareReports(fixture(before), fixture(after));
      addsUp(comparison);
      expect(renderComparisonText(comparison)).toContain(comparison.verdict.sentence);
      expect(renderComparisonMarkdown(comparison).length).toBeLessThan(20_000);
    }
  }
});

describe("The verdict", () => {
  const against = async (before: Lengths, after: Lengths, options?: RunOptions) =>
    compareReports(await ran("r1", before), await ran("r2", after, options));

  it("is slower, with what most of it is, and the exit code 1", async () => {
    const { verdict } = await against({}, { build: 1356 });
    expect(verdict).toEqual({
      is: "slower",
      sentence: "Slower: 1.76 s instead of 900 ms, +856 ms, 95 %. Most of it: build, +856 ms.",
      exitCode: 1,
    });
  });

  it("is faster, and no failure", async () => {
    const { verdict } = await against({}, { build: 200 });
    expect(verdict).toMatchObject({ is: "faster", exitCode: 0 });
    expect(verdict.sentence).toContain("Most of it: build, −300 ms.");
  });

  it("is the same below the thresholds, which may be set", async () => {
    const [before, after] = [await ran("r1"), await ran("r2", { build: 580 })];
    expect(compareReports(before, after).verdict.is).toBe("same");
    expect(compareReports(before, after, { minRatio: 0.05 }).verdict.is).toBe("slower");
  });

  it("is broken when it failed and the run before did not, whatever it took", async () => {
    const { verdict } = await against({}, { fails: true, build: 1 });
    expect(verdict).toEqual({
      is: "broken",
      sentence: "Broken: it failed, and the run before it completed.",
      exitCode: 1,
    });
  });

  it("compares no times of a run that did not complete", async () => {
    expect((await against({ fails: true }, {})).verdict).toMatchObject({
      is: "unknown",
      exitCode: 0,
    });
    expect((await against({ fails: true }, { fails: true })).verdict).toEqual({
      is: "unknown",
      sentence:
        "It failed, and the run before it did not complete either: their times are not compared.",
      exitCode: 0,
    });
  });
});

describe("As text and as Markdown", () => {
  it("the verdict comes first, then what changed, the largest first", async () => {
    const before = await ran("r1");
    const after = await ran("r2", { files: { a: 100, b: 230, c: 300 }, build: 900, deploy: true });
    const comparison = compareReports(before, after);
    expect(renderComparisonText(comparison)).toBe(
      `site: run r2 against run r1
Slower: 1.3 s instead of 900 ms, +400 ms, 44 %. Most of it: build, +400 ms.

Along the critical path, adding up to the change:
      before       after      change  task
      500 ms      900 ms     +400 ms  build

Slower by themselves:
      before       after      change  task
      500 ms      900 ms     +400 ms  build
      200 ms      230 ms      +30 ms  read[b]

New on the critical path:
  deploy

Added:
  deploy
`,
    );
    const markdown = renderComparisonMarkdown(comparison);
    expect(markdown).toContain(
      "## `site: run r2 against run r1`\n\nSlower: 1.3 s instead of 900 ms",
    );
    expect(markdown).toContain("Most of it: `build`, +400 ms.");
    expect(markdown).toContain(
      "| before | after | change | task |\n| --- | --- | --- | --- |\n| 500 ms | 900 ms | +400 ms | `build` |",
    );
  });

  it("no name acts on a terminal or is Markdown, and what is a secret in a key is left out", async () => {
    const named = async (id: string, ms: number): Promise<SerializedReport> => {
      const clock = new VirtualClock();
      const urls = task("urls", () => ["https://x.org/?api_key=abc", "\u001b[31m*bold* | `x`"]);
      const get = map("get", urls, () => clock.wait(ms), { key: (url) => url });
      return (await clock.run(flow("hostile", { get }).run({ clock, runId: id }))).toJSON();
    };
    const comparison = compareReports(await named("a", 100), await named("b", 900));
    for (const said of [renderComparisonText(comparison), renderComparisonMarkdown(comparison)]) {
      expect(said).not.toContain("abc");
      expect(said).not.toContain("\u001b");
    }
    expect(renderComparisonMarkdown(comparison)).toContain("``");
    const redacted = compareReports(await named("a", 1), await named("b", 900), {
      redact: [/bold/],
    });
    expect(renderComparisonText(redacted)).not.toContain("bold");
  });

  it("of what is no comparison, they are refused", () => {
    expect(() => renderComparisonText({} as never)).toThrow(
      "renderComparisonText() needs what compareReports(before, after) gives",
    );
    expect(() => renderComparisonMarkdown(undefined as never)).toThrow(
      "renderComparisonMarkdown() needs what compareReports(before, after) gives",
    );
  });
});
