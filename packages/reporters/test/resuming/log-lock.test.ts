/** One program at a time on a log: with real processes, and with lines that others left. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LogInUseError, readEventLog, resumable } from "../../src/index.ts";
import { compiledFile } from "../compiled.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-lock-"));
const program = join(folder, "held-log-process.mjs");
const nightly = { name: "nightly" };
let files = 0;

beforeAll(async () => {
  await compiledFile("./resuming/held-log-process.ts", program);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newFile(): string {
  return join(folder, `${files++}.ndjson`);
}

async function holder(path: string): Promise<ChildProcess> {
  const child = fork(program, [path], { execArgv: [] });
  const [said] = await once(child, "message");
  expect(said).toBe("held");
  return child;
}

/** A log in which somebody has written that it is in use. */
function claimedBy(claim: object): string {
  const path = newFile();
  writeFileSync(
    path,
    `${JSON.stringify({ v: 1, type: "lock", token: "theirs", at: 0, ...claim })}\n`,
  );
  return path;
}

describe("A log that another process has taken up", () => {
  it("is refused with the process and the way out, and is free when that was killed", async () => {
    const path = newFile();
    const child = await holder(path);
    const error = await resumable(path, nightly).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(LogInUseError);
    expect(error).toMatchObject({ code: "ASTRUM_LOG_IN_USE", pid: child.pid, host: hostname() });
    expect((error as Error).message).toBe(
      `The event log ${path} is in use: process ${child.pid} is using it, and the same run must not be taken up twice. Wait until that has closed it, or use a log of its own.`,
    );
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    const saved = await resumable(path, nightly);
    await saved.close();
  });

  it("is nobody's a second time when two want it after a kill", async () => {
    const path = newFile();
    const child = await holder(path);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    const second = await holder(path);
    await expect(resumable(path, nightly)).rejects.toThrow(`process ${second.pid} is using it`);
    const ended = once(second, "exit");
    second.kill("SIGKILL");
    await ended;
  });

  it("keeps a log that is still empty of runs readable", async () => {
    const path = newFile();
    const saved = await resumable(path, nightly);
    expect(readEventLog(path).totalTasks).toBe(0);
    await saved.close();
    expect(readEventLog(path).totalTasks).toBe(0);
  });
});

describe("A log that this program has taken up", () => {
  it("is refused until it is closed, whichever way its file is named", async () => {
    const path = newFile();
    const saved = await resumable(path, nightly);
    const again = join(
      folder,
      ".",
      "..",
      folder.split("/").at(-1) ?? "",
      path.split("/").at(-1) ?? "",
    );
    await expect(resumable(again, nightly)).rejects.toThrow("this program has taken it up already");
    await saved.close();
    await saved.close();
    await (await resumable(path, nightly)).close();
  });

  it("is free after the refusal of another one, and refused by the right one", async () => {
    const path = newFile();
    const first = await resumable(path, nightly);
    await expect(resumable(path, nightly)).rejects.toThrow(LogInUseError);
    await expect(resumable(path, nightly)).rejects.toThrow(LogInUseError);
    await first.close();
    await (await resumable(path, nightly)).close();
  });

  it("is free when it was closed, or refused, on a disk that was full: this program knows it, though the file does not", async () => {
    const fs = process.getBuiltinModule("node:fs");
    const { writeSync } = fs;
    const path = newFile();
    const first = await resumable(path, nightly);
    const full = vi.spyOn(fs, "writeSync").mockImplementation((...given: unknown[]) => {
      if (String(given[1]).includes('"unlock"')) throw new Error("ENOSPC: no space left on device");
      return (writeSync as (...given: unknown[]) => number)(...given);
    });
    await expect(resumable(path, nightly)).rejects.toThrow(LogInUseError);
    await first.close();
    full.mockRestore();
    expect(readFileSync(path, "utf8")).not.toContain('"unlock"');
    for (let time = 0; time < 2; time++) await (await resumable(path, nightly)).close();
    // And says so for others, once there is room again.
    expect(readFileSync(path, "utf8").match(/"unlock"/g)).toHaveLength(4);
  });
});

describe("What others left in a log", () => {
  const host = hostname();

  it("does not count once their process is gone, though its number is given to another one", async () => {
    // This process began at another instant than the one that wrote the line.
    for (const claim of [
      { pid: 2 ** 22 + 1, host, begun: "1" },
      { pid: 2 ** 22 + 1, host },
      { pid: process.pid, host, begun: "1" },
      { pid: process.pid, host },
      { pid: process.ppid, host, begun: "1" },
    ]) {
      await (await resumable(claimedBy(claim), nightly)).close();
    }
  });

  it("counts while their process lives", async () => {
    const path = claimedBy({ pid: process.ppid, host });
    await expect(resumable(path, nightly)).rejects.toThrow(`process ${process.ppid} is using it`);
  });

  it("counts of another machine while the file was changed within the last minute", async () => {
    const path = claimedBy({ pid: 7, host: "worker-7" });
    await expect(resumable(path, nightly)).rejects.toThrow(
      'process 7 on the machine "worker-7" is using it, and the same run must not be taken up twice. Wait until that has closed it, or use a log of its own. When that machine is gone, try again in 60 s.',
    );
    const before = Date.now() / 1000 - 61;
    utimesSync(path, before, before);
    await (await resumable(path, nightly)).close();
  });

  it("counts for no longer when it was asked for again and again meanwhile", async () => {
    const path = claimedBy({ pid: 7, host: "worker-7" });
    const half = Date.now() / 1000 - 30;
    utimesSync(path, half, half);
    for (let time = 0; time < 3; time++) {
      await expect(resumable(path, nightly)).rejects.toThrow(LogInUseError);
      expect(statSync(path).mtimeMs / 1000).toBeCloseTo(half, 2);
    }
  });

  it("counts no more once somebody has taken the log in its place", async () => {
    const path = claimedBy({ pid: 7, host: "worker-7" });
    const before = Date.now() / 1000 - 61;
    utimesSync(path, before, before);
    await (await resumable(path, nightly)).close();
    await (await resumable(path, nightly)).close();
  });

  it("counts when it came between the look at the file and the wish for it", async () => {
    const path = claimedBy({ pid: 7, host: "worker-7" });
    const before = Date.now() / 1000 - 61;
    utimesSync(path, before, before);
    const fs = process.getBuiltinModule("node:fs");
    const { openSync } = fs;
    const opened = vi.spyOn(fs, "openSync").mockImplementationOnce((...given) => {
      const theirs = { v: 1, type: "lock", token: "new", pid: 8, host: "worker-8", at: 0 };
      appendFileSync(path, `${JSON.stringify(theirs)}\n`);
      return openSync(...given);
    });
    await expect(resumable(path, nightly)).rejects.toThrow('process 8 on the machine "worker-8"');
    opened.mockRestore();
    // And it still does: nobody has made the file look older than that.
    await expect(resumable(path, nightly)).rejects.toThrow(LogInUseError);
  });

  it("does not count when it is damaged", async () => {
    for (const damaged of [
      '{"v":1,"type":"lock","token":7,"pid":1,"host":"a"}',
      '{"v":1,"type":"lock","token":"a","pid":-1,"host":"a"}',
      '{"v":1,"type":"lock","token":"a","pid":1}',
      '{"v":1,"type":"lock","tok',
    ]) {
      const path = newFile();
      writeFileSync(path, `${damaged}\n${damaged.slice(0, -1)}`);
      await (await resumable(path, nightly)).close();
      expect(readFileSync(path, "utf8")).toContain(damaged);
    }
  });
});
