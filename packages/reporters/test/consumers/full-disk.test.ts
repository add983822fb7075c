/** A log on a disk that the system says is full, for a moment, in the middle of a write. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEventLog } from "../../src/index.ts";
import { compiledFile } from "../compiled.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-full-"));
const program = join(folder, "full-disk-process.mjs");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await compiledFile("./full-disk-process.ts", program);
});

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

describe("A log whose write was cut by a full disk", () => {
  const cuts = [0, 1, 2].flatMap((write) => [10, 150, 300].map((room) => ({ write, room })));
  it.each(cuts)(
    "(its write $write after $room bytes) keeps every later entry",
    ({ write, room }) => {
      const path = join(folder, `${write}-${room}.ndjson`);
      // The signal of the limit would end the process; a write that fails is told instead.
      const told = execFileSync(
        "sh",
        [
          "-c",
          `trap '' XFSZ; exec "$@"`,
          "sh",
          process.execPath,
          program,
          path,
          `${write}`,
          `${room}`,
        ],
        { encoding: "utf8" },
      );
      expect(JSON.parse(told)).toEqual({ state: "completed", faults: 1 });
      const torn = readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line !== "" && !isWhole(line));
      expect(torn.length).toBeLessThanOrEqual(1);
      if (room === 10) expect(torn[0]).toHaveLength(10);
      const { outputs } = readEventLog(path);
      expect(outputs).toMatchObject({ first: { value: "one" }, second: { value: "one and two" } });
    },
  );
});
