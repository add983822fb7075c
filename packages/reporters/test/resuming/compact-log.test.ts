/** A log without what no later run needs: it reads the same, and is resumed the same. */
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Flow, flow, map, param, type RunOptions, task } from "@astrum/core";
import { afterAll, describe, expect, it, vi } from "vitest";
import { compactLog, eventLog, LogInUseError, readEventLog, resumable } from "../../src/index.ts";
import { runsOf } from "../../src/reading/read-event-log.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-compact-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function newFile(): string {
  return join(folder, `${files++}.ndjson`);
}

const day = param<string>("day");

/** `broken`: the item that fails. */
function night(broken?: number): { readonly nightly: Flow<{ load: string }>; calls: string[] } {
  const calls: string[] = [];
  const list = task("list", () => [0, 1, 2, 3]);
  const rows = map("rows", list, (item) => {
    calls.push(`rows[${item}]`);
    if (item === broken) throw new Error("no row");
    return { item, text: "x".repeat(500) };
  });
  const load = task("load", { rows, day }, ({ rows, day }) => {
    calls.push("load");
    return `${rows.length} of ${day}`;
  });
  return { nightly: flow("nightly", { load }), calls };
}

async function life(path: string, broken?: number, options: RunOptions = {}): Promise<string[]> {
  const { nightly, calls } = night(broken);
  await using saved = await resumable(path, nightly);
  const params = { day: "mon" };
  await nightly.run(saved.options({ params, concurrency: 1, ...options }));
  return calls;
}

describe("compactLog()", () => {
  it("keeps of a chain of runs what the last one has not stored again", async () => {
    const path = newFile();
    await life(path); // the night before, which completed
    await life(path, 1);
    await life(path, 2);
    // The third is killed when it has told two entries: what it had restored is stored by those before it.
    const { nightly } = night();
    const log = eventLog(path);
    let entries = 0;
    await nightly.run({
      params: { day: "mon" },
      resumeFrom: readEventLog(path),
      journal: (entry) => {
        if (++entries > 2) throw new Error("killed");
        log.journal(entry);
      },
    });
    log.close();
    const before = readEventLog(path);
    const copy = newFile();
    copyFileSync(path, copy);
    const { size } = statSync(path);

    const compacted = await compactLog(path);
    expect(compacted).toEqual({ before: size, after: statSync(path).size, dropped: 1 });
    expect(compacted.after).toBeLessThan(size / 2);
    expect(readEventLog(path)).toEqual(before);
    expect(await life(path)).toEqual(await life(copy));
  });

  it("rotates a log that was copied: the copy has every run, and the next run takes up all the same", async () => {
    const [path, archive] = [newFile(), newFile()];
    await life(path);
    await life(path, 1);
    await life(path, 2);
    copyFileSync(path, archive);
    expect(await compactLog(path)).toMatchObject({ dropped: 1 });
    expect(await life(path)).toEqual(["rows[2]", "rows[3]", "load"]);
    expect(runsOf(readFileSync(archive, "utf8").trimEnd().split("\n"))).toHaveLength(3);
  });

  it("keeps the last run of each flow, and nothing of those that completed", async () => {
    const path = newFile();
    await life(path, 1);
    const hourly = flow("hourly", { one: task("one", () => 1) });
    for (let time = 0; time < 3; time++) {
      await using saved = await resumable(path, hourly);
      await hourly.run(saved.options());
    }
    const before = readEventLog(path, { flow: "nightly" });
    expect(await compactLog(path)).toMatchObject({ dropped: 3 });
    expect(readEventLog(path, { flow: "nightly" })).toEqual(before);
    expect(readEventLog(path, { flow: "hourly" }).totalTasks).toBe(0);
    await life(path);
    expect(await compactLog(path)).toMatchObject({ after: 0, dropped: 1 + 1 });
    expect(readFileSync(path, "utf8")).toBe("");
    expect(await life(path)).toHaveLength(5);
  });

  it("tells runs of one id apart", async () => {
    const path = newFile();
    const again = { runId: "night" };
    await life(path, undefined, again);
    await life(path, 1, again);
    await life(path, 3, again);
    const before = readEventLog(path);
    await compactLog(path);
    expect(readEventLog(path)).toEqual(before);
    expect(await life(path, undefined, again)).toEqual(["rows[3]", "load"]);
  });

  it("changes nothing when it is asked again", async () => {
    const path = newFile();
    await life(path, 1);
    await life(path, 2);
    await compactLog(path);
    const once = readFileSync(path, "utf8");
    expect(await compactLog(path)).toMatchObject({ dropped: 0, after: once.length });
    expect(readFileSync(path, "utf8")).toBe(once);
  });

  it("leaves a log that is missing, in use, damaged or written to as it is", async () => {
    const missing = newFile();
    expect(await compactLog(missing)).toEqual({ before: 0, after: 0, dropped: 0 });
    expect(existsSync(missing)).toBe(false);

    const path = newFile();
    await life(path, 1);
    const saved = await resumable(path, night().nightly);
    const held = readFileSync(path, "utf8");
    await expect(compactLog(path)).rejects.toThrow(LogInUseError);
    expect(readFileSync(path, "utf8").startsWith(held)).toBe(true);
    await saved.close();

    const written = newFile();
    await life(written, 1);
    const fs = process.getBuiltinModule("node:fs");
    const flushed = vi.spyOn(fs, "fsyncSync").mockImplementation(() => {
      appendFileSync(written, "a line of somebody\n");
    });
    await expect(compactLog(written)).rejects.toThrow(`somebody writes to ${written}`);
    flushed.mockRestore();
    expect(readFileSync(written, "utf8")).toContain("a line of somebody");
    expect(existsSync(`${written}.compacting`)).toBe(false);
    const cut = vi.spyOn(fs, "fsyncSync").mockImplementation(() => writeFileSync(written, ""));
    await expect(compactLog(written)).rejects.toThrow(`somebody writes to ${written}`);
    cut.mockRestore();

    const damaged = newFile();
    const lines = held.split("\n").filter((line) => !line.includes('lock"'));
    writeFileSync(
      damaged,
      `${lines.join("\n")}{"v":1,"seq":0,"run":"a","at":-1e99,"type":"started","flow":"f"}\n`,
    );
    await expect(compactLog(damaged)).rejects.toThrow(/^Line \d+ of the event log is damaged/);
    expect(readFileSync(damaged, "utf8").startsWith(lines.join("\n"))).toBe(true);

    const report = newFile();
    writeFileSync(report, '{"format":"astrum.execution-report"}\n');
    await expect(compactLog(report)).rejects.toThrow("This is a report, not an event log");
  });

  it("writes over what a killed one left, and leaves nothing beside the log", async () => {
    const path = newFile();
    await life(path, 1);
    writeFileSync(`${path}.compacting`, "half a li");
    const before = readEventLog(path);
    await compactLog(path);
    expect(readEventLog(path)).toEqual(before);
    expect(existsSync(`${path}.compacting`)).toBe(false);
  });

  it("leaves the log as it was, and nothing beside it, when the disk is full or refuses the step", async () => {
    const fs = process.getBuiltinModule("node:fs");
    for (const call of ["writeSync", "fsyncSync", "renameSync"] as const) {
      const path = newFile();
      await life(path, 1);
      const before = readEventLog(path);
      const real = fs[call] as (...given: unknown[]) => unknown;
      const full = vi.spyOn(fs, call).mockImplementation((...given: unknown[]): never => {
        const own = call !== "writeSync" || existsSync(`${path}.compacting`);
        if (own) throw new Error("ENOSPC: no space left on device");
        return real(...given) as never;
      });
      await expect(compactLog(path)).rejects.toThrow("ENOSPC");
      full.mockRestore();
      expect(readEventLog(path)).toEqual(before);
      expect(existsSync(`${path}.compacting`)).toBe(false);
      expect(await compactLog(path)).toMatchObject({ dropped: 0 });
    }
  });

  it("is done once when it is asked twice at once: the second is refused, and the first goes on", async () => {
    const path = newFile();
    await life(path, 1);
    const before = readEventLog(path);
    const fs = process.getBuiltinModule("node:fs");
    const refused: Promise<unknown>[] = [];
    const flushed = vi.spyOn(fs, "fsyncSync").mockImplementation(() => {
      refused.push(compactLog(path).catch((error: unknown) => error));
    });
    expect(await compactLog(path)).toMatchObject({ dropped: 0 });
    flushed.mockRestore();
    expect(await Promise.all(refused)).toEqual([expect.any(LogInUseError)]);
    expect(readEventLog(path)).toEqual(before);
    expect(existsSync(`${path}.compacting`)).toBe(false);
    expect(await life(path)).toEqual(["rows[1]", "rows[2]", "rows[3]", "load"]);
  });

  it("makes the file small that a link leads to, whoever may write to it", async () => {
    const path = newFile();
    await life(path); // it completed: nothing of it is needed
    chmodSync(path, 0o666);
    const link = newFile();
    symlinkSync(path, link);
    expect(await compactLog(link)).toMatchObject({ after: 0 });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(path, "utf8")).toBe("");
    expect(statSync(path).mode & 0o777).toBe(0o666);
  });

  it("takes a URL with a query for the file that it names", async () => {
    const path = newFile();
    await life(path, 1);
    const before = readEventLog(path);
    await compactLog(new URL(`${pathToFileURL(path).href}?v=1`));
    expect(readEventLog(path)).toEqual(before);
  });

  it("drops half a line", async () => {
    const path = newFile();
    await life(path, 1);
    const before = readEventLog(path);
    appendFileSync(path, '{"v":1,"seq":');
    await compactLog(path);
    expect(readFileSync(path, "utf8").endsWith("}\n")).toBe(true);
    expect(readEventLog(path)).toEqual(before);
  });
});
