/** Runs that are killed and taken up from their log, over and over: nothing that was stored is called again. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Flow, flow, map, param, type RunOptions, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { afterAll, describe, expect, it } from "vitest";
import { eventLog, parseReport, readEventLog, renderJson, renderNdjson } from "../src/index.ts";
import { compiledText } from "./compiled.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-resume-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function newFile(): string {
  return join(folder, `${files++}.ndjson`);
}

const who = param<string>("who");

/** A list, a map over it, a map over the results of that, and what reads it: with what was called. */
function maps(calls: string[]): Flow<{ readonly sum: string }> {
  const list = task("list", () => {
    calls.push("list");
    return [0, 1, 2];
  });
  const half = map("half", list, (item, index) => {
    calls.push(`half[${index}]`);
    return item / 2;
  });
  const twice = map("twice", half, { who }, (item, index, { who }) => {
    calls.push(`twice[${index}]`);
    return `${who} ${item * 2}`;
  });
  const sum = task("sum", { twice }, ({ twice }) => {
    calls.push("sum");
    return twice.join(", ");
  });
  return flow("maps", { sum });
}

const RESULT = "me 0, me 1, me 2";

let runs = 0;

/** Runs it in this log from where that was left, as often as the program does; what was called. */
async function life(
  path: string,
  watched: "journal and observer" | "journal alone",
  options: RunOptions & { readonly name?: string } = {},
): Promise<{ readonly calls: string[]; readonly result: string | undefined }> {
  const calls: string[] = [];
  const { name = "me", ...more } = options;
  // Every process has its own instant.
  const clock = new VirtualClock(Date.UTC(2026, 0, 1) + runs++);
  const log = eventLog(path);
  const report = await clock.run(
    maps(calls).run({
      clock,
      concurrency: 1,
      params: [who.of(name)],
      journal: log.journal,
      ...(watched === "journal alone" ? {} : { observers: [log.observer] }),
      resumeFrom: readEventLog(path),
      ...more,
    }),
  );
  log.close();
  return { calls, result: report.outputs.sum };
}

/** The tasks and items whose output the whole lines of a log hold. */
function storedIn(path: string): Set<string> {
  const stored = new Set<string>();
  for (const line of readFileSync(path, "utf8").split("\n").slice(0, -1)) {
    try {
      const { type, task } = JSON.parse(line) as { type: string; task: string };
      if (type === "completed") stored.add(task);
    } catch {
      // Cut off by a kill.
    }
  }
  return stored;
}

describe.each(["journal and observer", "journal alone"] as const)("A log of %s", (watched) => {
  it("loses nothing that it had stored, wherever the run and the next one are killed", async () => {
    const first = newFile();
    await life(first, watched);
    const whole = readFileSync(first, "utf8");
    const breaks = [...whole.matchAll(/\n/g)].map(({ index }) => index + 1);
    // After each line, and within it.
    const places = [0, 5, ...breaks, ...breaks.map((at) => at + 25)].filter(
      (at) => at <= whole.length,
    );
    for (const place of places) {
      const path = newFile();
      writeFileSync(path, whole.slice(0, place));
      const known = storedIn(path);
      const second = await life(path, watched);
      expect(second.calls.filter((name) => known.has(name))).toEqual([]);
      expect(second.result).toBe(RESULT);
      // The second is killed as well, somewhere in the lines that it added.
      const log = readFileSync(path, "utf8");
      for (const share of [0, 0.4]) {
        const killed = newFile();
        writeFileSync(killed, log.slice(0, place + Math.floor((log.length - place) * share)));
        const left = storedIn(killed);
        const third = await life(killed, watched);
        expect(third.calls.filter((name) => left.has(name))).toEqual([]);
        expect(third.result).toBe(RESULT);
      }
    }
  });

  it("is taken up from the last run, with what the runs before it in that chain stored, and no other", async () => {
    const path = newFile();
    await life(path, watched);
    // The next night, from the beginning: killed when it has stored two.
    const fresh = await life(path, watched, { resumeFrom: undefined });
    expect(fresh.calls).toHaveLength(8);
    const lines = readFileSync(path, "utf8").split("\n");
    const started = lines.findLastIndex((line) => line.includes('"type":"started"'));
    let left = 2;
    const end = lines.findIndex(
      (line, at) => at > started && line.includes('"type":"completed"') && left-- === 0,
    );
    writeFileSync(path, `${lines.slice(0, end).join("\n")}\n`);
    const { calls } = await life(path, watched);
    expect(calls).toEqual(["half[1]", "half[2]", "twice[0]", "twice[1]", "twice[2]", "sum"]);
  });

  it("of two runs at once hands the results of one to nobody who asks for the other", async () => {
    const path = newFile();
    await Promise.all([
      life(path, watched, { runId: "one", name: "one", resumeFrom: undefined }),
      life(path, watched, { runId: "two", name: "two", resumeFrom: undefined }),
    ]);
    const again = await life(path, watched, {
      name: "one",
      resumeFrom: readEventLog(path, { runId: "one" }),
    });
    expect(again).toEqual({ calls: [], result: RESULT.replaceAll("me", "one") });
    const other = await life(path, watched, {
      name: "one",
      resumeFrom: readEventLog(path, { runId: "two" }),
    });
    expect(other.result).toBe(RESULT.replaceAll("me", "one"));
    expect(other.calls).toEqual(["twice[0]", "twice[1]", "twice[2]", "sum"]);
  });

  it("may be of runs with one id", async () => {
    const path = newFile();
    await life(path, watched, { runId: "nightly" });
    const cut = readFileSync(path, "utf8").split("\n");
    const half = cut.findIndex(
      (line) => line.includes('"task":"half[1]"') && line.includes("outp"),
    );
    writeFileSync(path, `${cut.slice(0, half + 1).join("\n")}\n`);
    for (let time = 0; time < 3; time++) {
      const before = readFileSync(path, "utf8");
      const { calls } = await life(path, watched, { runId: "nightly" });
      expect(calls).toEqual(["half[2]", "twice[0]", "twice[1]", "twice[2]", "sum"]);
      // Killed as soon as it has said that it starts.
      const added = readFileSync(path, "utf8").slice(before.length).split("\n");
      const lines =
        watched === "journal alone" ? 1 : added.findIndex((l) => l.includes("started")) + 1;
      writeFileSync(path, `${before}${added.slice(0, lines).join("\n")}\n`);
    }
  });

  it("gives a report that other formats and readers take", async () => {
    const path = newFile();
    await life(path, watched);
    const lines = readFileSync(path, "utf8").split("\n");
    writeFileSync(path, `${lines.slice(0, Math.floor(lines.length / 2)).join("\n")}\n`);
    await life(path, watched, { signal: AbortSignal.abort() });
    const report = readEventLog(path);
    expect(parseReport(renderJson(report, { outputs: true, redact: false }))).toEqual(report);
    expect(report.run).toMatchObject({ flow: "maps" });
    expect(report.run.resumes).toMatch(/^[0-9a-f-]{36}$/);
    const items = report.taskStatistics.filter(({ taskName }) => taskName.includes("["));
    for (const { taskName, kind, parent, index } of items) {
      expect(`${parent}[${index}]`).toBe(taskName);
      expect(kind).toBe("item");
    }
    const again = readEventLog(renderNdjson(report, { outputs: true, redact: false }));
    expect(again).toEqual(report);
    const { calls } = await life(path, watched, { resumeFrom: again });
    expect(calls.filter((name) => Object.hasOwn(report.outputs ?? {}, name))).toEqual([]);
  });
});

describe("A log", () => {
  it("that has just been made is a fresh start for the run that it is made for", async () => {
    for (const content of ["", '{"v":1,"seq":0,"run":"r', "\ufeff"]) {
      const path = newFile();
      writeFileSync(path, content);
      const { calls, result } = await life(path, "journal and observer");
      expect(calls).toHaveLength(8);
      expect(result).toBe(RESULT);
      expect(readEventLog(path)).toMatchObject({ executionState: "completed" });
      expect(readEventLog(path).run).not.toHaveProperty("resumes");
    }
  });

  it("of another flow with tasks of the same names is none that they are taken from", async () => {
    const path = newFile();
    const log = eventLog(path);
    const of = (name: string) => flow(name, { fetch: task("fetch", () => name) });
    await of("shop").run({ journal: log.journal });
    log.close();
    const report = await of("bank").run({ resumeFrom: readEventLog(path) });
    expect(report.outputs.fetch).toBe("bank");
    expect(report.resume?.rerun).toEqual([
      { task: "fetch", why: 'the earlier run was one of another flow, "shop"' },
    ]);
  });

  it("of an older version, which did not store what outputs were made from, says so", async () => {
    const path = newFile();
    await life(path, "journal and observer");
    const old = readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => !line.includes('"type":"started"'))
      .map((line) => line.replace(/,"origin":\{[^}]*\}/, "").replace(/,"crc":"[^"]*"/, ""));
    writeFileSync(path, old.join("\n"));
    const report = await maps([]).run({
      params: [who.of("me")],
      resumeFrom: readEventLog(path),
    });
    expect(report.restoredTasks).toBe(0);
    expect(report.resume?.rerun[0]).toEqual({
      task: "list",
      why: "what its output was made from was not stored",
    });
  });

  it("is taken up though its secrets look like the digests in it", async () => {
    const path = newFile();
    const redact = [/[0-9a-f]{32}/, "hunter2"];
    const f = flow("f", {
      key: task("key", () => "d41d8cd98f00b204e9800998ecf8427e"),
      plain: task("plain", () => "plain"),
      odd: task("odd", () => ({ hunter2: () => 1 })),
    });
    const log = eventLog(path, { redact });
    await f.run({ journal: log.journal, observers: [log.observer], runId: "run hunter2" });
    log.close();
    expect(readFileSync(path, "utf8")).not.toMatch(/hunter2|d41d8cd98f00b204e9800998ecf8427e/);
    const report = await f.run({ resumeFrom: readEventLog(path) });
    expect(report.resume).toEqual({
      restored: ["plain"],
      ignored: [],
      rerun: [
        { task: "key", why: "its output was not stored: a secret was found in it" },
        { task: "odd", why: "its output was not stored: .[redacted] is a function" },
      ],
    });
  });

  it("is that of a run as it was when it ended, though its tail goes on", async () => {
    const path = newFile();
    const clock = new VirtualClock();
    const log = eventLog(path);
    const list = task("list", () => clock.wait(5).then(() => [1, 2]));
    const f = flow(
      "f",
      { quick: task("quick", () => clock.wait(1).then(() => 1)) },
      {
        tails: {
          late: task("late", () => clock.wait(9)),
          items: map("items", list, (item) => item),
        },
      },
    );
    const report = await clock.run(
      f.run({ clock, journal: log.journal, observers: [log.observer] }),
    );
    const live = report.toJSON({ outputs: true });
    await clock.run(report.tail);
    log.close();
    const read = readEventLog(path);
    expect(read.totalTasks).toBe(live.totalTasks);
    expect(read.totalDurationMs).toBe(live.totalDurationMs);
    const seen = ({ taskStatistics }: typeof read): unknown =>
      taskStatistics.map(({ taskName, status, parent, endAt, attemptStatistics }) => ({
        taskName,
        status,
        parent,
        endAt,
        attempts: attemptStatistics.map(({ status, endAt }) => ({ status, endAt })),
      }));
    expect(seen(read)).toEqual(seen(live));
    // What the tail gave is not lost for a run that takes this one up.
    const again = await clock.run(f.run({ clock, resumeFrom: read }));
    expect(again.resume?.restored.sort()).toEqual(["items", "late", "list", "quick"]);
  });
});

it("A log of a week, in which every run took up the one before, is read with room for one of them", async () => {
  const path = newFile();
  const large = "x".repeat(2_000_000);
  const nightly = flow("nightly", {
    big: task("big", () => large),
    bad: task("bad", () => Promise.reject(new Error("no"))),
  });
  const log = eventLog(path);
  const options = { journal: log.journal, failure: "continue" } as const;
  let left = await nightly.run(options);
  for (let night = 1; night < 60; night++) {
    left = await nightly.run({ ...options, resumeFrom: left.toJSON({ outputs: true }) });
  }
  // The last one was killed before it had told what it took over.
  log.journal({
    type: "started",
    at: Date.now(),
    runId: "last",
    resumes: left.run.id,
    flow: "nightly",
  });
  log.close();
  const program = join(folder, "read-week.mjs");
  await compiledText(
    `import { readEventLog } from "./src/index.ts";
    console.log(Object.keys(readEventLog(process.argv[2] ?? "").outputs ?? {}).join());`,
    program,
  );
  const told = execFileSync(process.execPath, ["--max-old-space-size=64", program, path], {
    encoding: "utf8",
  });
  expect(told).toBe("big\n");
});

describe("A log that was written without its journal", () => {
  it("starts everything again, and says why", async () => {
    const path = newFile();
    const log = eventLog(path);
    const f = flow("f", { a: task("a", () => 1) });
    await f.run({ observers: [log.observer] });
    log.close();
    const { resume } = await f.run({ resumeFrom: readEventLog(path) });
    expect(resume?.rerun).toEqual([
      {
        task: "a",
        why: "its output was not stored, nor was any: a log has those that its journal was told, a report those of `toJSON({ outputs: true })`",
      },
    ]);
  });
});

it("A log of a task that returns a flow is read again, however early the run after it is killed", async () => {
  const path = newFile();
  const calls: string[] = [];
  const life = async (broken: boolean, entries = Number.POSITIVE_INFINITY): Promise<unknown> => {
    const outer = task("outer", () => {
      const a = task("a", () => {
        calls.push("a");
        return 1;
      });
      const b = task("b", { a }, ({ a }) => {
        calls.push("b");
        if (broken) throw new Error("no");
        return a + 1;
      });
      return flow("inner", { b });
    });
    const log = eventLog(path);
    let told = 0;
    const report = await flow("outer", { outer }).run({
      resumeFrom: readEventLog(path),
      observers: [log.observer],
      journal: (entry) => {
        if (++told > entries) throw new Error("killed");
        log.journal(entry);
      },
    });
    log.close();
    return report.outputs.outer;
  };
  await life(true);
  // Killed when it has handed on what it may need once that flow comes up.
  await life(false, 2);
  expect(await life(false)).toEqual({ b: 2 });
  expect(calls).toEqual(["a", "b", "b", "b"]);
});
