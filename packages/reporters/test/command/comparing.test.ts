import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  compareReports,
  renderComparisonHtml,
  renderComparisonMarkdown,
  renderComparisonText,
} from "../../src/index.ts";
import { fixture } from "../fixtures.ts";
import { astrumReport, told } from "./in-process.ts";
import { filesOf, siteRun } from "./site-runs.ts";

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
