/** A log whose writes fail in the middle of a line: what was accepted is there. */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, fromEvents, map, task } from "@astrum/core";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { eventLog, readEventLog } from "../src/index.ts";
import { LineFile } from "../src/writing/line-file.ts";
import { compiledText } from "./compiled.ts";

const folder = fs.mkdtempSync(join(tmpdir(), "astrum-torn-"));
const real = fs.writeSync;
/** The module object that everybody shares; its imports cannot be assigned to. */
const shared = process.getBuiltinModule("node:fs");

afterEach(() => {
  shared.writeSync = real;
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

let files = 0;
function newFile(): string {
  return join(folder, `${files++}.ndjson`);
}

/** The disk has room for so many bytes more, then none; for ever, or until the next write. */
function roomFor(bytes: number, thenWell = true): void {
  let left = bytes;
  shared.writeSync = ((fd: number, buffer: Buffer, from: number, length: number) => {
    if (left === 0) {
      if (thenWell) shared.writeSync = real;
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    }
    const part = real(fd, buffer, from, Math.min(length, left));
    left -= part;
    return part;
  }) as typeof real;
}

function lines(file: string): string[] {
  return fs.readFileSync(file, "utf8").split("\n");
}

describe("A line that the disk has room for a part of", () => {
  const line = '{"a":1}';

  it("is told, and takes no later line with it, wherever it was cut", () => {
    for (let room = 0; room <= line.length; room++) {
      const path = newFile();
      const file = new LineFile(path);
      file.append("before");
      roomFor(room);
      expect(() => file.append(line)).toThrow(/ENOSPC/);
      file.append("after");
      file.append("and on");
      file.close();
      const cut = room === 0 ? [] : [line.slice(0, room)];
      expect(lines(path)).toEqual(["before", ...cut, "after", "and on", ""]);
    }
  });

  it("takes none with it when the line that closes it is cut too, wherever", () => {
    for (let first = 1; first <= line.length; first++) {
      for (let second = 0; second <= line.length + 1; second++) {
        const path = newFile();
        const file = new LineFile(path);
        roomFor(first);
        expect(() => file.append(line)).toThrow(/ENOSPC/);
        roomFor(second);
        expect(() => file.append(line)).toThrow(/ENOSPC/);
        file.append("after");
        file.close();
        expect(lines(path).slice(-2)).toEqual(["after", ""]);
        expect(lines(path)[0]).toBe(line.slice(0, first));
      }
    }
  });

  it("is closed by the next process when this one gets no more room", () => {
    const path = newFile();
    const file = new LineFile(path);
    roomFor(3, false);
    for (let time = 0; time < 3; time++) expect(() => file.append(line)).toThrow(/ENOSPC/);
    shared.writeSync = real;
    const next = new LineFile(path);
    next.append("after");
    expect(lines(path)).toEqual(['{"a', "after", ""]);
    file.append("and the first again");
    next.append("both");
    expect(lines(path).slice(1)).toEqual(["after", "", "and the first again", "both", ""]);
    next.close();
    file.close();
  });

  it("is closed where a descriptor is handed in, also one that cannot be read", () => {
    for (const flags of ["a", "a+"]) {
      const path = newFile();
      fs.writeFileSync(path, line.slice(0, 4));
      const fd = fs.openSync(path, flags);
      const file = new LineFile(fd);
      file.append("after");
      file.append("and on");
      fs.closeSync(fd);
      expect(lines(path)).toEqual([line.slice(0, 4), "after", "and on", ""]);
    }
  });

  it("does not keep a log from being opened when there is no room at all", () => {
    const path = newFile();
    fs.writeFileSync(path, line.slice(0, 4));
    roomFor(0);
    const file = new LineFile(path);
    expect(() => file.append(line)).toThrow(/ENOSPC/);
    file.append(line);
    file.close();
    expect(lines(path)).toEqual([line.slice(0, 4), line, ""]);
  });
});

describe("Lines that are gathered", () => {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it("go out in one write with the next line that is appended, in their order", () => {
    const path = newFile();
    const file = new LineFile(path);
    const writes = vi.spyOn(shared, "writeSync");
    file.gather("one");
    file.gather("two");
    expect(lines(path)).toEqual([""]);
    file.append("three");
    expect(writes).toHaveBeenCalledTimes(1);
    expect(lines(path)).toEqual(["one", "two", "three", ""]);
    writes.mockRestore();
    file.close();
  });

  it("go out at the end of the turn, at 64 KiB, and when the file is closed", async () => {
    const path = newFile();
    const file = new LineFile(path);
    file.gather("one");
    await turn();
    expect(lines(path)).toEqual(["one", ""]);
    const long = "x".repeat(64 * 1024);
    file.gather(long);
    expect(lines(path)).toEqual(["one", long, ""]);
    file.gather("last");
    file.close();
    expect(lines(path)).toEqual(["one", long, "last", ""]);
    await turn();
    expect(lines(path)).toHaveLength(4);
  });

  it("take no later one with them, wherever their write was cut", () => {
    const block = ["a-line", "another", "the-last"];
    const bytes = `${block.join("\n")}\n`;
    for (let room = 0; room < bytes.length; room++) {
      const path = newFile();
      const file = new LineFile(path);
      file.append("before");
      file.gather("a-line");
      file.gather("another");
      roomFor(room);
      expect(() => file.append("the-last")).toThrow(/ENOSPC/);
      file.gather("after");
      file.append("and on");
      file.close();
      const written = bytes
        .slice(0, room)
        .split("\n")
        .filter((line) => line !== "");
      expect(lines(path)).toEqual(["before", ...written, "after", "and on", ""]);
    }
  });

  it("that the end of a turn could not write are told with the next one, once", async () => {
    const path = newFile();
    const file = new LineFile(path);
    file.gather("lost");
    roomFor(0);
    await turn();
    expect(() => file.gather("kept")).toThrow(/ENOSPC/);
    file.gather("and this");
    file.close();
    expect(lines(path)).toEqual(["kept", "and this", ""]);
  });

  it("and could not be written in time are no error of the line that must be there", async () => {
    const path = newFile();
    const file = new LineFile(path);
    file.gather("lost");
    roomFor(0);
    await turn();
    file.append("stored");
    expect(() => file.gather("told")).toThrow(/ENOSPC/);
    file.close();
    expect(lines(path)).toEqual(["stored", "told", ""]);
  });
});

describe("The log of a run", () => {
  it("is written twice for a task that completes, with its start and with its result, and three times for the run", async () => {
    const counts: number[] = [];
    for (const size of [10, 30]) {
      const items = task("items", () => Array.from({ length: size }, (_, at) => at));
      const doubled = map("doubled", items, async (item) => item * 2, { concurrency: 1 });
      const log = eventLog(newFile());
      const writes = vi.spyOn(shared, "writeSync");
      await flow("f", { doubled }).run({ journal: log.journal, observers: [log.observer] });
      counts.push(writes.mock.calls.length);
      writes.mockRestore();
      log.close();
    }
    const [ten = 0, thirty = 0] = counts;
    expect((thirty - ten) / 20).toBe(2);
    // The start of the run twice (journal and observer), the task with the list twice, the map's result, the end of the run.
    expect(ten - 20).toBe(6);
  });

  it("says of no task that it has begun before its function is called, also where many begin at once", async () => {
    const path = newFile();
    const log = eventLog(path);
    const begunBefore = () => lines(path).filter((line) => line.includes('"attempt.start"')).length;
    const tasks = {
      a: task("a", begunBefore),
      b: task("b", begunBefore),
      c: task("c", begunBefore),
    };
    const done = await flow("f", tasks).run({ journal: log.journal, observers: [log.observer] });
    log.close();
    expect(done.unwrap()).toEqual({ a: 1, b: 2, c: 3 });
  });

  it("has what was told when the process exits in the middle of a task", async () => {
    const path = newFile();
    const program = join(folder, "exits.mjs");
    await compiledText(
      `import { flow, task } from "@astrum/core";
      import { eventLog } from "./src/index.ts";
      const log = eventLog(process.argv[2] ?? "");
      const first = task("first", () => "one");
      const leaves = task("leaves", { first }, (_, { progress }) => {
        progress(0.5, "half way");
        process.exit(3);
      });
      await flow("f", { leaves }).run({ journal: log.journal, observers: [log.observer] });`,
      program,
    );
    const { status } = spawnSync(process.execPath, [program, path]);
    expect(status).toBe(3);
    const told = lines(path)
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
    expect(told.map(({ seq }) => seq)).toEqual(told.map((_, at) => at));
    expect(told.at(-1)).toMatchObject({ type: "attempt.progress", message: "half way" });
    const report = readEventLog(path);
    expect(report.executionState).toBe("interrupted");
    expect(report.outputs).toMatchObject({ first: { value: "one" } });
  });
});

describe("A run whose disk was full for a moment", () => {
  it("loses no entry that the journal accepted, whichever line of the observer was cut", async () => {
    const calls: string[] = [];
    const graph = () => {
      const first = task("first", () => void calls.push("first"));
      return flow("f", { second: task("second", { first }, () => void calls.push("second")) });
    };
    let cuts = 0;
    for (let line = 0; line < 16; line++) {
      const path = newFile();
      const log = eventLog(path);
      let told = 0;
      calls.length = 0;
      const report = await graph().run({
        // The next line that is written is one of the observer's.
        observers: [
          fromEvents("disk", () => {
            if (told++ === line) roomFor(10);
          }),
          log.observer,
        ],
        journal: log.journal,
      });
      shared.writeSync = real;
      log.close();
      if (report.executionState === "completed" && report.observerErrors?.length) cuts++;
      calls.length = 0;
      const again = await graph().run({ resumeFrom: readEventLog(path) });
      const stored = report.taskStatistics.filter(({ status }) => status === "completed");
      expect(again.resume?.restored).toEqual(stored.map(({ taskName }) => taskName));
      expect(calls).toHaveLength(2 - stored.length);
    }
    expect(cuts).toBeGreaterThan(3);
  });
});

describe("A pipe that nobody empties", () => {
  /** Full, with a reader that can be made to take everything. */
  function fullPipe(): { readonly fd: number; readonly drain: () => string } {
    const path = newFile();
    execFileSync("mkfifo", [path]);
    const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    const chunk = Buffer.alloc(4096, "x");
    try {
      for (;;) fs.writeSync(fd, chunk);
    } catch (error) {
      expect(error).toMatchObject({ code: "EAGAIN" });
    }
    const drain = (): string => {
      const taken = Buffer.alloc(1 << 20);
      return taken.toString("utf8", 0, fs.readSync(fd, taken));
    };
    return { fd, drain };
  }
  const STALLED = "Whoever reads the event log has taken nothing for 0.01 s";

  it("holds the thread for a while only, and not again for every line", () => {
    const { fd, drain } = fullPipe();
    const file = new LineFile(fd, 10);
    const naps = vi.spyOn(Atomics, "wait");
    expect(() => file.append("lost")).toThrow(STALLED);
    const first = naps.mock.calls.length;
    for (let line = 0; line < 1000; line++) expect(() => file.append("lost")).toThrow(STALLED);
    expect(naps.mock.calls.length).toBe(first);
    drain();
    file.append("kept");
    expect(drain()).toBe("kept\n");
    naps.mockRestore();
    fs.closeSync(fd);
  });

  it("fails the run whose journal it is, which settles", async () => {
    const { fd } = fullPipe();
    const log = eventLog(fd);
    const nap = vi.spyOn(Atomics, "wait").mockReturnValue("timed-out");
    const report = await flow("f", { one: task("one", () => 1) }).run({
      journal: log.journal,
      observers: [log.observer],
    });
    nap.mockRestore();
    expect(report.executionState).toBe("failed");
    expect(report.errorSummary.join()).toContain("has taken nothing for 10 s");
    fs.closeSync(fd);
  });
});
