import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { SerializedReport } from "@astrum/core";
import { describe, expect, it } from "vitest";
import {
  parseReport,
  type ReporterName,
  renderHtml,
  renderText,
  reporters,
} from "../../src/index.ts";
import { fixture } from "../fixtures.ts";
import { astrumReport, told } from "./in-process.ts";
import { filesOf, siteRun } from "./site-runs.ts";

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
      "convert run.json#r1 --to text --out run.json",
      "compare run.json#r1 b.json --out link.json",
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

  it("stays for those only who might read what was there before", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1"), "mine.txt": "before" });
    const mine = join(folder, "mine.txt");
    for (const [to, mode] of [
      ["text", 0o600],
      ["json", 0o664],
    ] as const) {
      chmodSync(mine, mode);
      await astrumReport(`convert ${folder}/run.json --to ${to} --out ${mine}`);
      expect([statSync(mine).mode & 0o777, readFileSync(mine, "utf8")]).toEqual([
        mode,
        expect.stringContaining("site"),
      ]);
    }
  });

  it("by many at once is of one of them, whole, and nothing else is left", async () => {
    const reports = await Promise.all(
      Array.from({ length: 20 }, (_, n) => siteRun(`r${n}`, { day: n + 1 })),
    );
    const folder = filesOf({ "all.ndjson": reports });
    const out = join(folder, "out.json");
    const ended = await Promise.all(
      reports.map(({ run }) => astrumReport(`convert ${folder}/all.ndjson#${run.id} --out ${out}`)),
    );
    for (const { code, stderr } of ended) expect([code, stderr]).toEqual([0, ""]);
    const { run } = parseReport(readFileSync(out, "utf8"));
    expect(reports.map((report) => report.run.id)).toContain(run.id);
    expect(readdirSync(folder).sort()).toEqual(["all.ndjson", "out.json"]);
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
