/** A flow and its log in two lines: every state that a log can be in is a fresh start, a right resume or a clear error. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  DynamicScheduler,
  type ExecutionReport,
  type Flow,
  flow,
  fromEvents,
  type JournalEntry,
  param,
  type RunOptions,
  task,
} from "@astrum/core";
import { afterAll, describe, expect, it, vi } from "vitest";
import { eventLog, readEventLog, resumable } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-resumable-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function newFile(): string {
  return join(folder, `${files++}.ndjson`);
}

const day = param<string>("day");

interface Night {
  readonly nightly: Flow<{ readonly load: string }>;
  readonly calls: string[];
}

/** A task that reads the parameter, one that reads none, and one that reads both. */
function night(broken = false): Night {
  const calls: string[] = [];
  const extract = task("extract", { day }, ({ day }) => {
    calls.push("extract");
    return `rows of ${day}`;
  });
  const rates = task("rates", () => {
    calls.push("rates");
    return new Map([["EUR", 1n]]);
  });
  const load = task("load", { extract, rates }, ({ extract, rates }) => {
    calls.push("load");
    if (broken) throw new Error("no disk");
    return `${extract} at ${rates.get("EUR")}`;
  });
  return { nightly: flow("nightly", { load }), calls };
}

/** What a program does each time that it is started. */
async function start(
  path: string | URL,
  { nightly, calls }: Night = night(),
  options: RunOptions = { params: { day: "mon" } },
): Promise<{ calls: string[]; report: ExecutionReport<{ readonly load: string }> }> {
  await using saved = await resumable(path, nightly);
  const report = await nightly.run(saved.options(options));
  return { calls, report };
}

describe("A log is", () => {
  it("made when it is missing: a fresh start", async () => {
    const { calls, report } = await start(newFile());
    expect(report.unwrap().load).toBe("rows of mon at 1");
    expect(calls).toHaveLength(3);
    expect(report.run.resumes).toBeUndefined();
  });

  it("a fresh start when it is empty, or holds half a line or zeros", async () => {
    for (const text of ["", '{"v":1,"seq":0,"run":"a","at":17', "{", "\0\0\0", "\n\n"]) {
      const path = newFile();
      writeFileSync(path, text);
      const { calls, report } = await start(path);
      expect(report.executionState).toBe("completed");
      expect(calls).toHaveLength(3);
      expect(readEventLog(path).executionState).toBe("completed");
    }
  });

  it("taken up when its last run failed, was cut off or was cancelled", async () => {
    const path = newFile();
    const first = await start(path, night(true));
    expect(first.report.executionState).toBe("failed");
    const second = await start(path);
    expect(second.calls).toEqual(["load"]);
    expect(second.report.unwrap().load).toBe("rows of mon at 1");
    expect(second.report.resume?.restored.toSorted()).toEqual(["extract", "rates"]);

    // Cut in the middle of the last line, after the third result.
    const cut = newFile();
    // A killed process would not have it any more.
    const lines = readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => !line.includes('lock"'));
    const stored = lines.findLastIndex((line) => line.includes('"type":"completed"'));
    writeFileSync(cut, `${lines.slice(0, stored + 1).join("\n")}\n{"v":1,"se`);
    const third = await start(cut);
    expect(third.calls).toEqual([]);
    expect(third.report.unwrap().load).toBe("rows of mon at 1");

    const cancelled = newFile();
    const signal = AbortSignal.abort();
    await start(cancelled, night(), { params: { day: "mon" }, signal });
    const after = await start(cancelled);
    expect(after.calls).toHaveLength(3);
  });

  it("a fresh start when its last run completed", async () => {
    const path = newFile();
    await start(path);
    const { calls, report } = await start(path);
    expect(calls).toHaveLength(3);
    expect(report.resume?.restored).toEqual([]);
    expect(report.run.resumes).toBeUndefined();
  });

  it("taken up with other parameters as far as they do not reach", async () => {
    const path = newFile();
    await start(path, night(true));
    const { calls, report } = await start(path, night(), { params: { day: "tue" } });
    expect(calls).toEqual(["extract", "load"]);
    expect(report.unwrap().load).toBe("rows of tue at 1");
    expect(report.resume?.rerun).toContainEqual({
      task: "extract",
      why: 'its parameter "day" has another value',
    });
  });

  it("taken up from the last run of that flow, whatever other flows have written since", async () => {
    const path = newFile();
    await start(path, night(true));
    const other = flow("hourly", { rates: task("rates", () => new Map([["EUR", 2n]])) });
    const log = eventLog(path);
    await other.run({ journal: log.journal, observers: [log.observer] });
    log.close();
    const { calls, report } = await start(path);
    expect(calls).toEqual(["load"]);
    expect(report.unwrap().load).toBe("rows of mon at 1");
  });

  it("a fresh start when it holds runs of other flows alone", async () => {
    const path = newFile();
    await using saved = await resumable(path, { name: "hourly" });
    await flow("hourly", { rates: task("rates", () => 1) }).run(saved.options());
    await saved.close();
    const { calls, report } = await start(path);
    expect(calls).toHaveLength(3);
    expect(report.run.resumes).toBeUndefined();
  });

  it("one program's, when two of its parts want it at once", async () => {
    const path = newFile();
    const { nightly } = night();
    const wanted = [1, 2, 3].map(() => resumable(path, nightly));
    const had = (await Promise.allSettled(wanted)).flatMap((one) =>
      one.status === "fulfilled" ? [one.value] : [],
    );
    expect(had).toHaveLength(1);
    await nightly.run(had[0]?.options({ params: { day: "mon" } }));
    await had[0]?.close();
    expect((await start(path)).report.executionState).toBe("completed");
  });

  it("refused, and free again, when something has damaged it", async () => {
    const path = newFile();
    writeFileSync(
      path,
      '{"v":1,"seq":0,"run":"a","at":-1e99,"type":"run.start","flow":"nightly"}\n',
    );
    await expect(start(path)).rejects.toThrow(/^Line 1 of the event log is damaged/);
    writeFileSync(path, "");
    expect((await start(path)).calls).toHaveLength(3);
  });
});

describe("The options of a run", () => {
  it("tell the caller's observers and journal, and the log", async () => {
    const path = newFile();
    const events: string[] = [];
    const entries: JournalEntry[] = [];
    const given: RunOptions = {
      params: { day: "mon" },
      runId: "night 1",
      observers: [fromEvents("mine", ({ type }) => events.push(type))],
      journal: (entry) => entries.push(entry),
    };
    await start(path, night(), given);
    expect(events).toContain("run.end");
    expect(entries.map(({ type }) => type)).toEqual([
      "started",
      "completed",
      "completed",
      "completed",
    ]);
    const logged = readEventLog(path);
    expect(logged.run.id).toBe("night 1");
    expect(Object.keys(logged.outputs ?? {})).toHaveLength(3);
    expect(given.observers).toHaveLength(1);
  });

  it("leave what is no list of observers and no journal to the check of the run", async () => {
    const { nightly } = night();
    await using saved = await resumable(newFile(), nightly);
    const wrong = {
      params: { day: "mon" },
      observers: "mine",
      journal: 7,
    } as unknown as RunOptions;
    await expect(nightly.run(saved.options(wrong))).rejects.toThrow(
      /Expected `observers` to be an array[\s\S]*Expected `journal` to be a function/,
    );
  });

  it("serve one run after the other, each from where the one before it was left", async () => {
    const path = newFile();
    const broken = night(true);
    await using saved = await resumable(path, broken.nightly);
    const options = { params: { day: "mon" } };
    await broken.nightly.run(saved.options(options));
    await broken.nightly.run(saved.options(options));
    expect(broken.calls.toSorted()).toEqual(["extract", "load", "load", "rates"]);
  });

  it("are refused while a run of theirs goes on, and after the log was closed", async () => {
    const slow = flow("slow", { wait: task("wait", () => Promise.resolve(1)) });
    const saved = await resumable(newFile(), slow);
    const run = slow.run(saved.options());
    expect(() => saved.options()).toThrow('A run of flow "slow" is going on in this log');
    await run;
    expect(saved.options().resumeFrom).toBeUndefined();
    await saved.close();
    expect(() => saved.options()).toThrow('The log of flow "slow" is closed');
  });

  it("are given again after a run whose start could not be written", async () => {
    const path = newFile();
    const { nightly } = night();
    await using saved = await resumable(path, nightly);
    const given = { params: { day: "mon" } };
    const options = saved.options(given);
    const fs = process.getBuiltinModule("node:fs");
    const full = vi.spyOn(fs, "writeSync").mockImplementation(() => {
      throw new Error("ENOSPC: no space left on device");
    });
    expect((await nightly.run(options)).executionState).toBe("failed");
    full.mockRestore();
    expect((await nightly.run(saved.options(given))).unwrap().load).toBe("rows of mon at 1");
  });

  it("are for one run: another one with them, at once or later, fails before it calls anything", async () => {
    for (const at of ["at once", "later"]) {
      const path = newFile();
      const broken = night(true);
      await using saved = await resumable(path, broken.nightly);
      const given = { params: { day: "mon" } };
      const [one, other] = [saved.options(given), saved.options(given)];
      const first = broken.nightly.run(one);
      if (at === "later") await first;
      for (const options of [one, other]) {
        const second = await broken.nightly.run(options);
        expect(second.executionState).toBe("failed");
        expect(second.errorSummary[0]).toContain(
          'Another run of flow "nightly" has begun in this log since options() was asked',
        );
      }
      expect((await first).errorSummary).toEqual(['Task "load" failed: no disk']);
      expect(broken.calls.toSorted()).toEqual(["extract", "load", "rates"]);
      // What the first had stored is not lost to the next.
      await broken.nightly.run(saved.options(given));
      expect(broken.calls.toSorted()).toEqual(["extract", "load", "load", "rates"]);
    }
  });

  it("refuse a `resumeFrom` of the caller", async () => {
    const { nightly } = night();
    await using saved = await resumable(newFile(), nightly);
    const resumeFrom = readEventLog("");
    expect(() => saved.options({ resumeFrom })).toThrow("Leave out `resumeFrom`");
  });

  it("are for the scheduler of the documented door as well", async () => {
    const path = newFile();
    const calls: string[] = [];
    for (let life = 0; life < 2; life++) {
      const scheduler = DynamicScheduler.from(
        {
          a: { run: () => calls.push("a") },
          b: {
            dependencies: ["a"],
            run: () => {
              calls.push("b");
              if (life === 0) throw new Error("no");
            },
          },
        },
        { name: "written" },
      );
      await using saved = await resumable(path, { name: "written" });
      await scheduler.execute(saved.options());
    }
    expect(calls).toEqual(["a", "b", "b"]);
  });
});

describe("What can be no log is refused before anything runs", () => {
  it("with what it is and who says so", async () => {
    const { nightly } = night();
    await expect(resumable("", nightly)).rejects.toThrow(
      "resumable(): Expected its first argument to be the path of a file.",
    );
    await expect(resumable(new URL("https://a.example/log"), nightly)).rejects.toThrow(
      "the path of a file",
    );
    await expect(resumable(folder, nightly)).rejects.toThrow(`${folder} is no file`);
    await expect(resumable(join(folder, "none", "a"), nightly)).rejects.toThrow("ENOENT");
    await expect(resumable(newFile(), {} as Flow<unknown>)).rejects.toThrow("to be a flow");
    for (const [what, options] of [
      ["null", null],
      ["an array", [/hunter2/]],
      ["a promise", Promise.resolve({})],
    ] as const) {
      await expect(resumable(newFile(), nightly, options as object)).rejects.toThrow(
        `resumable(): Expected its options to be an object, got ${what}.`,
      );
    }
    const options = { redactt: [/hunter2/] } as object;
    await expect(resumable(newFile(), nightly, options)).rejects.toThrow(
      'resumable(): Unknown option `redactt`. Did you mean "redact"?',
    );
  });

  it("where nothing may be written", async () => {
    const closed = join(folder, "read only");
    mkdirSync(closed);
    const path = join(closed, "a.ndjson");
    writeFileSync(path, "");
    chmodSync(path, 0o444);
    chmodSync(closed, 0o555);
    // The superuser may write everywhere: then it is a log like any other.
    const asRoot = process.getuid?.() === 0;
    const opened = resumable(path, night().nightly).then((saved) => saved.close());
    if (asRoot) await opened;
    else await expect(opened).rejects.toThrow(/EACCES/);
    chmodSync(closed, 0o755);
  });
});

it("A log keeps no secret that was named", async () => {
  const path = newFile();
  const login = task("login", () => "hunter2");
  const nightly = flow("nightly", { login });
  await using saved = await resumable(path, nightly, { redact: ["hunter2"] });
  await nightly.run(saved.options());
  expect(readFileSync(path, "utf8")).not.toContain("hunter2");
});

it("A path may look like a line of a log, and be a URL", async () => {
  const path = join(folder, "{a}\nb.ndjson");
  await start(path, night(true));
  expect((await start(pathToFileURL(path))).calls).toEqual(["load"]);
});
