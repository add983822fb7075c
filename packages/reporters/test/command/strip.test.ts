import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SerializedReport } from "@astrum/core";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { astrumReport, told } from "./in-process.ts";
import { filesOf, siteRun } from "./site-runs.ts";

describe("strip", () => {
  const days = async (): Promise<SerializedReport[]> => [
    await siteRun("r1", { day: 1 }),
    await siteRun("r2", { day: 2, failures: 1 }),
    await siteRun("r3", { day: 3, failures: 2 }),
    await siteRun("r4", { day: 4, files: { a: 100, b: 600, c: 300 } }),
  ];

  it("has a line for each task, a character for each run, and flaky ones by themselves", async () => {
    const folder = filesOf({ "all.ndjson": await days() });
    const { code, stdout, stderr } = await astrumReport(`strip ${folder}/all.ndjson`);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`site: 4 runs
From r1 of 2026-11-01T00:00:00.000Z to r4 of 2026-11-04T00:00:00.000Z

How long it took:
  the whole run  ▆█✗█  1.1 s to 1.61 s

Flaky:
  build          █~✗█  failed in 1 of 4, completed after a failed attempt in 1

Tasks:
  list           ▁▁▁▁  0 ms
  read           ▅▅▅█  600 ms to 1 s
  build          █~✗█  500 ms

▁ to █ up to the longest that it took, ~ completed after failed attempts, ✗ failed, ⊘ stopped, ↷ skipped, ↻ restored, · not in that run
`);
  });

  it("is the same for files in any order, and the same run twice counts once", async () => {
    const [a, b, c, d] = await days();
    const folder = filesOf({
      "1.json": a as SerializedReport,
      "2.ndjson": [b, c] as SerializedReport[],
      "3.json": d as SerializedReport,
      "4.ndjson": [c, d] as SerializedReport[],
    });
    const files = ["4.ndjson", "1.json", "3.json", "2.ndjson"].map((file) => join(folder, file));
    const all = filesOf({ "all.ndjson": await days() });
    const { stdout } = await astrumReport(["strip", ...files]);
    expect(stdout).toBe((await astrumReport(`strip ${all}/all.ndjson`)).stdout);
  });

  it.each([20, 40])("fits into a terminal of %i columns, with the latest runs", async (columns) => {
    const runs = await Promise.all(
      Array.from({ length: 30 }, (_, day) =>
        siteRun(`r${day}`, { day: day + 1, failures: day === 29 ? 2 : 0 }),
      ),
    );
    const folder = filesOf({ "all.ndjson": runs });
    const { stdout } = await astrumReport(`strip ${folder}/all.ndjson`, { columns });
    const rows = stdout.split("\n").filter((line) => /^ {2}\S/.test(line));
    expect(rows.length).toBeGreaterThan(3);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(columns);
    expect(stdout).toMatch(/ earlier runs are not shown\n/);
    expect(stdout).toContain("to r29 of ");
    // The last one failed.
    expect(stdout).toMatch(/\n {2}the \S+.* {2}█+✗/);
  });

  it.each(["a log of a thousand runs", "a thousand files"])("takes %s", async (what) => {
    const report = await siteRun("r");
    const runs = Array.from({ length: 1000 }, (_, n) => ({
      ...report,
      run: { ...report.run, id: `r${n}`, startedAt: new Date(n * 60_000).toISOString() },
      clock: { ...report.clock, epochMs: n * 60_000 },
    }));
    const one = what.startsWith("a log");
    const folder = filesOf(
      one ? { "all.ndjson": runs } : Object.fromEntries(runs.map((run, n) => [`${n}.json`, run])),
    );
    const files = one ? ["all.ndjson"] : runs.map((_, n) => `${n}.json`);
    const line = ["strip", ...files.map((file) => join(folder, file))];
    const { code, stdout, stderr } = await astrumReport(line);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^site: 1000 runs\nFrom r940 of .* to r999 of .*\n940 earlier runs/);
    expect(stdout).toMatch(/\n {2}build +█{60} {2}500 ms\n/);
  });

  it("keeps its columns whatever the width of a name", async () => {
    const runs = [await siteRun("r1"), await siteRun("r2", { day: 2 })].map((report) => {
      const renamed = JSON.stringify(report).replaceAll("build", "建てる建てる建てる建てる");
      return JSON.parse(renamed) as SerializedReport;
    });
    const folder = filesOf({ "all.ndjson": runs });
    const { stdout } = await astrumReport(`strip ${folder}/all.ndjson`, { columns: 30 });
    const rows = stdout.split("\n").filter((line) => /[▁▂▃▄▅▆▇█]{2}/.test(line));
    const starts = rows.map((row) => stringWidth(row.slice(0, row.search(/[▁▂▃▄▅▆▇█]/))));
    expect(new Set(starts).size).toBe(1);
  });

  it("tears no character of a name that is too long, and looks no further than it shows", async () => {
    const family = "👨‍👩‍👧‍👦";
    const name = `${family.repeat(3)}${"x".repeat(200_000)}`;
    const renamed = JSON.stringify(await siteRun("r1")).replaceAll("build", name);
    const folder = filesOf({ "run.json": JSON.parse(renamed) as SerializedReport });
    const { stdout } = await astrumReport(`strip ${folder}/run.json`, { columns: 30 });
    expect(stdout).toContain(`\n  ${family.repeat(3)}xxx…  █  500 ms\n`);
    const narrow = await astrumReport(`strip ${folder}/run.json`, { columns: 20 });
    expect(narrow.stdout).toContain(`\n  ${family.repeat(2)}…   █  500 ms\n`);
  });

  it("tells a task that fails since a run from a flaky one", async () => {
    const runs = [
      await siteRun("r1", { day: 1 }),
      await siteRun("r2", { day: 2, failures: 2 }),
      await siteRun("r3", { day: 3, failures: 2 }),
    ];
    const folder = filesOf({ "all.ndjson": runs });
    const { stdout } = await astrumReport(`strip ${folder}/all.ndjson`);
    expect(stdout).not.toContain("Flaky:");
    expect(stdout).toContain("\nFailing:\n  build          █✗✗  fails since run r2\n");
  });

  it("of runs of several flows asks for one of them", async () => {
    const folder = filesOf({
      "all.ndjson": [...(await days()), await siteRun("x", { flow: "shop", day: 9 })],
    });
    const { code, stderr } = await astrumReport(`strip ${folder}/all.ndjson`);
    expect([code, told(stderr)]).toEqual([
      65,
      'These are runs of 2 flows, "site", "shop"; name one of them with "--flow"',
    ]);
    expect((await astrumReport(`strip ${folder}/all.ndjson --flow site`)).code).toBe(0);
  });

  it("as HTML has a cell for each task and run, and says in words what it shows", async () => {
    const folder = filesOf({ "all.ndjson": await days() });
    const { stdout } = await astrumReport(`strip ${folder}/all.ndjson --html`);
    expect(stdout.match(/<title>r\d: /g)).toHaveLength(4 * 5);
    expect(stdout.includes('aria-label="2 completed, 1 retried, 1 failed"')).toBe(true);
    expect(stdout.includes("<script")).toBe(false);
    const { opened } = await astrumReport(`strip ${folder}/all.ndjson --open`);
    expect(existsSync(opened[0] ?? "")).toBe(true);
    expect(dirname(opened[0] ?? "")).not.toBe(folder);
  });
});
