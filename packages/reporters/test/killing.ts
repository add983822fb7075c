/** What must hold for a process that is killed while it writes: used with few kills in every test run, with many in CI. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventLog, readEventLog } from "../src/index.ts";
import { compiledFile } from "./compiled.ts";
import { ITEMS, killableFlow, TASKS } from "./killable-flow.ts";

const EVERY_CALL = TASKS + ITEMS + 2;

const folder = mkdtempSync(join(tmpdir(), "astrum-killed-"));
const program = join(folder, "killed-process.mjs");

interface Killed {
  readonly log: string;
  readonly calls: string;
}

/** Kills it when it says that it is at its n-th call; it runs on until the signal hits it, wherever it then is. */
async function kill(number: number, call: number): Promise<Killed> {
  const killed = { log: join(folder, `${number}.ndjson`), calls: join(folder, `${number}.calls`) };
  const child: ChildProcess = fork(program, [killed.log, killed.calls, String(call)], {
    execArgv: [],
  });
  const gone = once(child, "exit");
  await once(child, "message");
  child.kill("SIGKILL");
  const [, signal] = (await gone) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
  return killed;
}

function lines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n") : [""];
}

export function describeKills(kills: number): void {
  describe(`a process that writes its event log and is killed, ${kills} times over`, () => {
    const all: Killed[] = [];

    beforeAll(async () => {
      await compiledFile("./killed-process.ts", program);
      const numbers = Array.from({ length: kills }, (_, number) => number);
      const worker = async (): Promise<void> => {
        for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) {
          all.push(await kill(number, 1 + ((number * 37) % (EVERY_CALL - 10))));
        }
      };
      await Promise.all([worker(), worker(), worker()]);
    }, 60_000);

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it("leaves complete lines that all parse, in order and without a gap", () => {
      for (const { log } of all) {
        const complete = lines(log).slice(0, -1);
        complete.forEach((line, index) => {
          expect((JSON.parse(line) as { seq: number }).seq).toBe(index);
        });
      }
    });

    it("was told of every call before it happened: no call is missing from the log", () => {
      for (const { log, calls } of all) {
        const started = lines(log).filter((line) => line.includes('"attempt.start"'));
        expect(lines(calls).slice(0, -1).length).toBeLessThanOrEqual(started.length);
      }
    });

    it("is hit in the middle of the run often enough to prove anything", () => {
      const called = all.map(({ calls }) => lines(calls).length - 1);
      expect(called.filter((count) => count > 0 && count < EVERY_CALL).length).toBeGreaterThan(
        kills / 10,
      );
    });

    it("can be resumed from the log: what was complete is not called again, all the rest is", async () => {
      for (const { log, calls } of all) {
        if (lines(log).length < 2) continue;
        const before = readEventLog(log);
        expect(["interrupted", "completed"]).toContain(before.executionState);
        const complete = before.taskStatistics
          .filter(({ status, taskName }) => status === "completed" && before.outputs?.[taskName])
          .map(({ taskName }) => taskName);
        const again = `${calls}.again`;
        const resumed = eventLog(log);
        const report = await killableFlow(again).run({
          resumeFrom: before,
          journal: resumed.journal,
          observers: [resumed.observer],
        });
        resumed.close();
        expect(report.executionState).toBe("completed");
        const repeated = lines(again).filter((name) => complete.includes(name));
        expect(repeated).toEqual([]);
        // A map that is restored as a whole has no items in the new run.
        const insideMap = complete.includes("items") ? ITEMS : 0;
        expect(report.restoredTasks).toBe(complete.length - insideMap);
        const calledAgain = lines(again).length - 1;
        expect(calledAgain + complete.filter((name) => name !== "items").length).toBe(EVERY_CALL);
      }
    });

    it("gives a log of both runs from which nothing has to run again", async () => {
      for (const { log, calls } of all.slice(0, 10)) {
        if (lines(log).length < 2) continue;
        const whole = readEventLog(log);
        expect(whole.executionState).toBe("completed");
        const third = `${calls}.third`;
        const report = await killableFlow(third).run({ resumeFrom: whole });
        expect(report.executionState).toBe("completed");
        expect(lines(third)).toEqual([""]);
      }
    });
  });
}
