/** What the next run would take up, in words: it is what the run then does. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Flow, flow, map, param, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { afterAll, describe, expect, it } from "vitest";
import { resumable, resumeInfo } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-info-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function newFile(): string {
  return join(folder, `${files++}.ndjson`);
}

const day = param<string>("day");

function night(broken: boolean, items = 3): Flow<{ readonly load: number }> {
  const list = task("list", () => Array.from({ length: items }, (_, at) => at));
  const rows = map("rows", list, (item) => item);
  const where = task("where", { day }, ({ day }) => (broken ? { at: () => day } : { at: day }));
  const load = task("load", { rows, where }, ({ rows }) => {
    if (broken) throw new Error("no disk");
    return rows.length;
  });
  return flow("nightly", { load });
}

async function run(path: string, broken: boolean, items = 3): Promise<void> {
  const clock = new VirtualClock(Date.UTC(2026, 10, 28, 3));
  const nightly = night(broken, items);
  await using saved = await resumable(path, nightly);
  await clock.run(nightly.run(saved.options({ params: { day: "mon" }, clock, runId: "night-1" })));
}

describe("resumeInfo()", () => {
  it("says what is restored, what is called again and why, and changes nothing", async () => {
    const path = newFile();
    await run(path, true);
    const before = readFileSync(path, "utf8");
    const info = await resumeInfo(path, night(false), { params: { day: "tue" } });
    expect(info.run).toEqual({ id: "night-1", startedAt: "2026-11-28T03:00:00.000Z" });
    expect(info.summary).toBe(
      [
        "Takes up run night-1 of 2026-11-28T03:00:00.000Z, which failed.",
        "2 results are restored:",
        "  list",
        "  rows",
        "2 tasks or items are called again:",
        "  where: its output was not stored: .at is a function",
        '  load: its dependency "where" runs again',
      ].join("\n"),
    );
    expect(readFileSync(path, "utf8")).toBe(before);
    const nightly = night(false);
    await using saved = await resumable(path, nightly);
    const report = await nightly.run(saved.options({ params: { day: "tue" } }));
    expect(report.resume).toEqual({
      restored: info.restored,
      rerun: info.rerun,
      ignored: info.ignored,
    });
  });

  it("is a fresh start without a log, of another flow, and after a run that completed", async () => {
    const path = newFile();
    const fresh = await resumeInfo(path, night(false));
    expect(fresh).toMatchObject({ run: undefined, restored: [], rerun: [] });
    expect(fresh.summary).toBe('A fresh start: there is no run of flow "nightly" in the log yet.');
    expect(existsSync(path)).toBe(false);
    await run(path, true);
    const other = flow("hourly", { one: task("one", () => 1) });
    expect((await resumeInfo(path, other)).run).toBeUndefined();
    await run(path, false);
    expect((await resumeInfo(path, night(false))).summary).toBe(
      'A fresh start: the last run of flow "nightly", run night-1 of 2026-11-28T03:00:00.000Z, completed.',
    );
  });

  it("works while a run has the log, and tells of a cut off one", async () => {
    const path = newFile();
    await run(path, true);
    const lines = readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => !line.includes('lock"'));
    const end = lines.findIndex((line) => line.includes('"type":"run.end"'));
    writeFileSync(path, lines.slice(0, end).join("\n"));
    const saved = await resumable(path, night(false));
    const info = await resumeInfo(path, night(false), { params: { day: "mon" } });
    expect(info.summary).toMatch(/^Takes up run night-1 of \S+, which was interrupted\./);
    await saved.close();
  });

  it("cuts long lists, and shows no name that acts on a terminal", async () => {
    const path = newFile();
    const wide = (broken: boolean): Flow<Record<string, number>> =>
      flow(
        "wide",
        Object.fromEntries(
          Array.from({ length: 50 }, (_, at) => [
            `t${at}`,
            task(`t\u001b[2J${at}`, () => {
              if (broken) throw new Error("no");
              return at;
            }),
          ]),
        ),
      );
    const broken = wide(true);
    await using saved = await resumable(path, broken);
    await broken.run(saved.options({ failure: "continue" }));
    const { summary, rerun } = await resumeInfo(path, wide(false));
    expect(rerun).toHaveLength(50);
    expect(summary.split("\n")).toHaveLength(2 + 1 + 20 + 1);
    expect(summary).toMatch(/… and 30 more$/);
    expect(summary).toContain("␛[2J");
    expect(summary).not.toContain("\u001b");
  });

  it("refuses what can be no log, no flow and no option", async () => {
    const nightly = night(false);
    await expect(resumeInfo(folder, nightly)).rejects.toThrow("resumeInfo(): ");
    await expect(resumeInfo(newFile(), {} as never)).rejects.toThrow("to be a flow");
    await expect(resumeInfo(newFile(), nightly, { parms: {} } as never)).rejects.toThrow(
      'Did you mean "params"?',
    );
    const path = newFile();
    await run(path, true);
    await expect(resumeInfo(path, nightly, { params: { dya: "mon" } as never })).rejects.toThrow(
      'Did you mean "day"?',
    );
  });
});
