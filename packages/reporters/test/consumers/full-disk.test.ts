/** A log on a disk that the system says is full, for a moment, in the middle of a line. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEventLog } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-full-"));
const program = join(folder, "full-disk-process.mjs");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL("../full-disk-process.ts", import.meta.url))],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@astrum/source"],
    logLevel: "error",
  });
});

describe("A log whose line was cut by a full disk", () => {
  it.each([0, 1, 2, 3, 4, 5, 6])("(its line %i) keeps every later entry", (line) => {
    const path = join(folder, `${line}.ndjson`);
    // The signal of the limit would end the process; a write that fails is told instead.
    const told = execFileSync(
      "sh",
      ["-c", `trap '' XFSZ; exec "$@"`, "sh", process.execPath, program, path, String(line)],
      {
        encoding: "utf8",
      },
    );
    expect(JSON.parse(told)).toEqual({ state: "completed", faults: 1 });
    const torn = readFileSync(path, "utf8")
      .split("\n")
      .filter((one) => one !== "" && !one.endsWith("}"));
    expect(torn).toHaveLength(1);
    expect(torn[0]).toHaveLength(10);
    const { outputs } = readEventLog(path);
    expect(outputs).toMatchObject({ first: { value: "one" }, second: { value: "one and two" } });
  });
});
