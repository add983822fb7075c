import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SerializedReport } from "@astrum/core";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import {
  compareReports,
  parseReport,
  type ReporterName,
  renderComparisonHtml,
  renderComparisonMarkdown,
  renderComparisonText,
  renderHtml,
  renderJson,
  renderText,
  reporters,
} from "../../src/index.ts";
import { fixture } from "../fixtures.ts";
import { astrumReport } from "./in-process.ts";
import { filesOf, siteRun } from "./site-runs.ts";

const told = (stderr: string): string => stderr.replace(/^astrum-report: /gm, "").trimEnd();

const TOKEN = "ghp_abcdefghijkl";

describe("open", () => {
  it("writes the page into a folder of its own, opens it, and says where it is", async () => {
    const report = await siteRun("r1", { flow: "night/ly: 1" });
    const folder = filesOf({ "run.json": report });
    const { code, stdout, stderr, opened } = await astrumReport(`open ${folder}/run.json`);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/astrum-report-\w+[/\\]night-ly-1\.html\n$/);
    expect(opened).toEqual([stdout.trimEnd()]);
    expect(readFileSync(stdout.trimEnd(), "utf8")).toBe(renderHtml(report));
    expect(readdirSync(folder)).toEqual(["run.json"]);
  });

  it("writes to --out, and opens nothing when it is told so", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1") });
    const line = `open ${folder}/run.json --out ${folder}/run.html --no-open`;
    expect(await astrumReport(line)).toEqual({
      code: 0,
      stdout: `${folder}/run.html\n`,
      stderr: "",
      opened: [],
    });
    expect(readdirSync(folder).sort()).toEqual(["run.html", "run.json"]);
  });

  it("on a machine without a browser says so, and is done", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1") });
    const browse = async (): Promise<void> => {
      throw new Error("spawn xdg-open ENOENT");
    };
    const { code, stderr } = await astrumReport(`open ${folder}/run.json`, { browse });
    expect([code, told(stderr)]).toEqual([
      0,
      "cannot open it in a browser: spawn xdg-open ENOENT; open it yourself",
    ]);
  });
});

describe("show", () => {
  it("says in a pipe what renderText says, and exits with 1 when the run did not complete", async () => {
    const good = await siteRun("r1");
    const bad = await siteRun("r2", { failures: 2 });
    const folder = filesOf({ "good.json": good, "bad.json": bad });
    const shown = await astrumReport(`show ${folder}/good.json`);
    expect(shown).toMatchObject({ code: 0, stdout: renderText(good), stderr: "" });
    const failed = await astrumReport(`show ${folder}/bad.json --tasks`);
    expect(failed).toMatchObject({ code: 1, stdout: renderText(bad, { tasks: true }) });
  });

  it.each(["cancelled", "interrupted", "planning-failure"] as const)(
    "exits with 1 for the run %s, too",
    async (name) => {
      const folder = filesOf({ "run.json": fixture(name) });
      expect((await astrumReport(`show ${folder}/run.json`)).code).toBe(1);
    },
  );

  it.each([80, 20])("on a terminal of %i columns has the most important last", async (columns) => {
    const folder = filesOf({ "run.json": await siteRun("r1", { failures: 2 }) });
    const { stdout } = await astrumReport(`show ${folder}/run.json --no-color`, { columns });
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain("Error: no space for index.html");
    expect(stdout.trimEnd().split("\n").slice(-3).join(" ")).toContain("failed");
  });

  it("has colours when it is told so, also in a pipe", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1") });
    const { stdout } = await astrumReport(`show ${folder}/run.json --color`);
    expect(stdout).toContain("\u001b[");
  });

  it("--json is the report, also of a log", async () => {
    const report = await siteRun("r1");
    const folder = filesOf({ "run.ndjson": [report] });
    const { stdout } = await astrumReport(`show ${folder}/run.ndjson --json`);
    expect(parseReport(stdout)).toEqual(report);
  });
});

describe("convert", () => {
  it.each(Object.keys(reporters) as ReporterName[])(
    "writes %s, by its name and by that of the file",
    async (name) => {
      const report = await siteRun("r1");
      const folder = filesOf({ "in.json": report });
      const text = reporters[name].render(report);
      const byName = await astrumReport(`convert ${folder}/in.json --to ${name}`);
      expect(byName).toEqual({ code: 0, stdout: text, stderr: "", opened: [] });
      const out = join(folder, `out.${reporters[name].extension}`);
      const byFile = await astrumReport(`convert ${folder}/in.json --out ${out}`);
      expect(byFile).toEqual({ code: 0, stdout: "", stderr: "", opened: [] });
      expect(readFileSync(out, "utf8")).toBe(text);
    },
  );

  it("leaves out what looks like a credential, and what it is told", async () => {
    const report = structuredClone(await siteRun("r1", { failures: 2 })) as SerializedReport;
    report.run.attributes = { note: TOKEN, password: "hunter2" };
    const folder = filesOf({ "run.json": report });
    const line = [
      "convert",
      `${folder}/run.json`,
      "--to",
      "json",
      "--redact",
      "ghp_\\w+",
      "--redact",
      "index",
    ];
    const { stdout } = await astrumReport(line);
    for (const secret of [TOKEN, "hunter2", "index.html"]) expect(stdout).not.toContain(secret);
  });
});

describe("A file that is written", () => {
  it("is not one of those that are read", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1"), "b.json": await siteRun("r2") });
    symlinkSync(join(folder, "run.json"), join(folder, "link.json"));
    for (const line of [
      "convert run.json --to text --out run.json",
      "convert run.json --to text --out link.json",
      "convert link.json --to text --out run.json",
      "compare b.json run.json --out ./run.json",
      "open run.json --out run.json",
      "strip run.json b.json --out b.json",
    ]) {
      const args = line.replace(/\S+\.json/g, (file) => join(folder, file));
      const { code, stderr } = await astrumReport(args);
      expect([code, stderr]).toEqual([64, expect.stringContaining("is the file that is read")]);
    }
    expect(parseReport(readFileSync(join(folder, "run.json"), "utf8")).run.id).toBe("r1");
  });

  it("is written through a link, and keeps what others call it", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1"), "real.txt": "before" });
    symlinkSync(join(folder, "real.txt"), join(folder, "link.txt"));
    await astrumReport(`convert ${folder}/run.json --to text --out ${folder}/link.txt`);
    expect(readFileSync(join(folder, "real.txt"), "utf8")).toMatch(/^site: completed/);
    expect(readdirSync(folder).sort()).toEqual(["link.txt", "real.txt", "run.json"]);
  });

  it("that cannot be is told with the exit code 73, and nothing of it is left", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1") });
    mkdirSync(join(folder, "inner"));
    for (const [out, problem] of [
      [folder, "it is a folder; name a file in it"],
      [join(folder, "gone/run.txt"), `there is no folder "${folder}/gone"`],
    ]) {
      const { code, stderr } = await astrumReport(
        `convert ${folder}/run.json --to text --out ${out}`,
      );
      expect([code, told(stderr)]).toEqual([73, `Cannot write "${out}": ${problem}`]);
    }
    const out = "/dev/full";
    for (const to of ["text", "json"]) {
      const { code, stderr } = await astrumReport(
        `convert ${folder}/run.json --to ${to} --out ${out}`,
      );
      expect([code, told(stderr)]).toEqual([
        73,
        expect.stringMatching(/^Cannot write "\/dev\/full": ENOSPC/),
      ]);
    }
    expect(readdirSync(folder).sort()).toEqual(["inner", "run.json"]);
  });

  it("in a folder that takes no files is told as well", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1") });
    const { code, stderr } = await astrumReport(`convert ${folder}/run.json --out /proc/run.txt`);
    expect([code, told(stderr)]).toEqual([
      73,
      expect.stringMatching(/^Cannot write "\/proc\/run.txt": E/),
    ]);
  });
});

describe("compare", () => {
  const two = async (after: Parameters<typeof siteRun>[1] = {}, before: typeof after = {}) => {
    const reports = {
      before: await siteRun("r1", before),
      after: await siteRun("r2", { day: 2, ...after }),
    };
    const folder = filesOf({ "a.json": reports.before, "b.json": reports.after });
    return { ...reports, files: `${folder}/a.json ${folder}/b.json`, folder };
  };

  it.each([
    ["slower", { build: 900 }, 1],
    ["broken", { failures: 2 }, 1],
    ["faster", { build: 100 }, 0],
    ["same", {}, 0],
  ] as const)("exits by the verdict: %s", async (verdict, after, code) => {
    const { files } = await two(after);
    const answer = await astrumReport(`compare ${files} --json`);
    expect([answer.code, answer.stderr]).toEqual([code, ""]);
    expect(JSON.parse(answer.stdout)).toMatchObject({ verdict: { is: verdict, exitCode: code } });
  });

  it("shows it as text, Markdown and HTML, as the functions of these names do", async () => {
    const { files, before, after, folder } = await two({ build: 900 });
    const comparison = compareReports(before, after);
    const shown = async (option: string) =>
      (await astrumReport(`compare ${files} ${option}`)).stdout;
    expect(await shown("")).toBe(renderComparisonText(comparison));
    expect(await shown("--markdown")).toBe(renderComparisonMarkdown(comparison));
    expect((await shown("--html")) === renderComparisonHtml(before, after)).toBe(true);
    expect(await shown(`--html --out ${folder}/c.html`)).toBe("");
    const written = readFileSync(join(folder, "c.html"), "utf8");
    expect(written === renderComparisonHtml(before, after)).toBe(true);
    const { opened, stdout } = await astrumReport(`compare ${files} --open`);
    expect(stdout).toMatch(/site-compared\.html\n$/);
    expect(opened).toEqual([stdout.trimEnd()]);
  });

  it("takes the thresholds that it is told", async () => {
    const { files } = await two({ build: 580 });
    expect((await astrumReport(`compare ${files}`)).code).toBe(0);
    expect((await astrumReport(`compare ${files} --min-ratio 0.05`)).code).toBe(1);
    expect((await astrumReport(`compare ${files} --min-ratio 0.05 --min-ms 100`)).code).toBe(0);
  });

  it("compares two runs of one log, and refuses the same twice, however it is written", async () => {
    const runs = [await siteRun("r1"), await siteRun("r2", { build: 900, day: 2 })];
    const folder = filesOf({ "all.ndjson": runs });
    const file = join(folder, "all.ndjson");
    expect(await astrumReport(`compare ${file}#r1 ${file}#r2`)).toMatchObject({
      code: 1,
      stderr: "",
    });
    symlinkSync(file, join(folder, "link.ndjson"));
    for (const other of [file, `${folder}/./all.ndjson`, `${folder}/link.ndjson`]) {
      const { code, stderr } = await astrumReport(`compare ${file} ${other}`);
      expect([code, stderr]).toEqual([
        64,
        expect.stringContaining("is given twice; two runs of one log are FILE#RUN each"),
      ]);
    }
    const { code, stderr } = await astrumReport(`compare ${file}#r1 ${folder}/link.ndjson#r1`);
    expect([code, told(stderr)]).toEqual([0, "both are the same run, r1"]);
  });

  it("says of runs of two flows that tasks are matched by name, and refuses those without a common one", async () => {
    const { files, folder } = await two({ flow: "shop" });
    const { code, stderr } = await astrumReport(`compare ${files}`);
    expect([code, told(stderr)]).toEqual([
      0,
      'these are runs of two flows, "site" and "shop": their tasks are matched by name',
    ]);
    const other = filesOf({ "one.json": fixture("one") });
    const refused = await astrumReport(`compare ${folder}/a.json ${other}/one.json`);
    expect([refused.code, refused.stdout, told(refused.stderr)]).toEqual([
      65,
      "",
      'A run of flow "site" cannot be compared with one of flow "one": they have no task in common',
    ]);
  });
});

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

1 slot is enough; more are never used at once.
`);
  });

  it("says what would help when it is told nothing", async () => {
    const { stdout } = await astrumReport(`whatif ${await run()}`);
    expect(stdout).toContain("      850 ms      250 ms   23 %  if build took half as long\n");
    expect(stdout).toContain("  if there were enough of db for all that asked\n");
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
