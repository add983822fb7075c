import { join } from "node:path";
import type { SerializedReport } from "@astrum/core";
import { describe, expect, it } from "vitest";
import { renderJson } from "../../src/index.ts";
import { fixture } from "../fixtures.ts";
import { astrumReport, told } from "./in-process.ts";
import { filesOf, siteRun } from "./site-runs.ts";

describe("whatif", () => {
  const run = async (): Promise<string> =>
    join(filesOf({ "run.json": await siteRun("r1") }), "run.json");

  it("tells each change by itself, and all of them together", async () => {
    const line =
      "--concurrency 16 --resource db=3 --map read=2 --faster build=2 --longest-first --no-failures";
    const { code, stdout, stderr } = await astrumReport(`whatif ${await run()} ${line}`);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`site: run r1 took 1.1 s
Simulated as it was: 1.1 s, exact.

    it takes   and saves
       1.1 s        0 ms    0 %  16 slots
      900 ms      200 ms   18 %  3 of db
       1.1 s        0 ms    0 %  2 items of read at once
      850 ms      250 ms   23 %  build 2 times as fast
       1.1 s        0 ms    0 %  the longest path first
       1.1 s        0 ms    0 %  no failures
      650 ms      450 ms   41 %  all of it: 16 slots, 3 of db, 2 items of read at once, build 2 times as fast, the longest path first, no failures

1 slot is enough with everything else as it was; more are never used at once.
`);
  });

  it("says what would help when it is told nothing", async () => {
    const { stdout } = await astrumReport(`whatif ${await run()}`);
    expect(stdout).toContain("      850 ms      250 ms   23 %  if build took half as long\n");
    expect(stdout).toContain("  if there were 2 of db\n");
  });

  it("--json is what whatIf gives; null is unlimited", async () => {
    const { stdout } = await astrumReport(`whatif ${await run()} --json --resource db=unlimited`);
    const answer = JSON.parse(stdout) as { changes: readonly unknown[] };
    expect(answer).toMatchObject({
      run: "r1",
      asRun: { measuredMs: 1100, errorMs: 0 },
      changes: [{ change: { resources: { db: null } }, savedMs: 200 }],
      knee: { slots: 1 },
    });
    expect(answer.changes).toHaveLength(1);
  });

  it.each([
    ["--faster buidl=2", '"--faster buidl": the run had no task "buidl". Did you mean "build"?'],
    ["--map raed=2", '"--map raed": the run had no map "raed". Did you mean "read"?'],
    ["--resource bd=2", /^"--resource bd": the run had no resource "bd"\./],
    [
      "--resource db=0.5",
      'Expected "--resource db" to be an integer from 0 up, or "unlimited" for no limit, got `0.5`',
    ],
    ["--resource db=0", '"--resource db": task "read" needs 1 of "db", which has only 0'],
  ])("%s is told in the words of the command line", async (line, problem) => {
    const { code, stdout, stderr } = await astrumReport(`whatif ${await run()} ${line}`);
    const [first = ""] = told(stderr).split("\n");
    expect([code, stdout]).toEqual([64, ""]);
    if (typeof problem === "string") expect(first).toContain(problem.slice(0, 40));
    else expect(first).toMatch(problem);
  });

  it("of a run that ended early says that nobody knows, and of version 1.0 what is missing", async () => {
    const folder = filesOf({ "cut.json": fixture("interrupted"), "old.json": fixture("mixed") });
    const cut = await astrumReport(`whatif ${folder}/cut.json --concurrency 2`);
    expect([cut.code, cut.stdout]).toEqual([65, ""]);
    expect(told(cut.stderr)).toMatch(/^whatif needs a run that came to its end: run /);
    const old = await astrumReport(`whatif ${folder}/old.json --concurrency 2`);
    expect(told(old.stderr)).toBe(
      "a report of version 1.0 says neither what tasks held nor how many items a map let in: nothing of that is simulated",
    );
  });
});

describe("resume-info", () => {
  it("says which results are stored, and why the others are called again", async () => {
    const report = structuredClone(await siteRun("r1", { failures: 2 })) as SerializedReport;
    const why = {
      encoding: "omitted",
      why: "not-serialisable",
      type: "function",
      detail: ".at is a function",
    } as const;
    report.outputs = {
      list: { encoding: "json", value: ["a"] },
      read: why,
      "read[0]": { encoding: "json", value: 1 },
    };
    const folder = filesOf({ "run.json": renderJson(report, { outputs: true }) });
    const { stdout, code } = await astrumReport(`resume-info ${folder}/run.json`);
    expect([code, stdout]).toEqual([
      0,
      `Takes up run r1 of flow "site", 2026-11-01T00:00:00.000Z, which failed.
2 results are stored:
  list
  read[0]
4 tasks or items are called again in any case:
  read: its output was not stored: .at is a function
  build: it had failed
  read[1]: its output was not stored
  read[2]: its output was not stored
`,
    ]);
    const { stdout: json } = await astrumReport(`resume-info ${folder}/run.json --json`);
    expect(JSON.parse(json)).toMatchObject({
      run: "r1",
      flow: "site",
      stored: ["list", "read[0]"],
      encrypted: 0,
    });
  });

  it("of a run that completed says that the next one is a fresh start", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1") });
    const { stdout } = await astrumReport(`resume-info ${folder}/run.json`);
    expect(stdout).toBe(
      'A fresh start: run r1 of flow "site", 2026-11-01T00:00:00.000Z, completed.\n',
    );
  });

  it("of a record without outputs says that nothing was stored", async () => {
    const folder = filesOf({ "run.ndjson": [await siteRun("r1", { failures: 2 })] });
    const { stdout } = await astrumReport(`resume-info ${folder}/run.ndjson`);
    expect(stdout).toContain(
      "\nIt was written without a journal, or what it stored was left out.\n0 results are stored.\n",
    );
  });
});
