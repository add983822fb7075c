/** A large tree of real files whose reader is killed in the middle, twice: what it had read it does not read again. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeValue, type EncodedValue } from "@astrum/core";
import { expect, it, onTestFinished } from "vitest";
import { readEventLog } from "../src/index.ts";
import { compiledFile } from "./compiled.ts";

/** 30,000 take a while: `pnpm test:slow`. */
const FILES = process.env.ASTRUM_TREE === "large" ? 30_000 : 3_000;
const FOLDERS = 100;
/** Of a process, in MB: less than what it would take to hold the tree's results several times over. */
const HEAP = process.env.ASTRUM_TREE === "large" ? 192 : 64;

interface Hashed {
  readonly name: string;
  readonly hash: string;
}

it("is taken up with every result that it had, in little memory", {
  timeout: 600_000,
}, async () => {
  const home = mkdtempSync(join(tmpdir(), "astrum-tree-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }), 600_000);
  const folder = join(home, "tree");
  const log = join(home, "log.ndjson");
  const program = join(home, "program.mjs");
  await compiledFile("./large-tree-process.ts", program);
  for (let at = 0; at < FOLDERS; at++) mkdirSync(join(folder, `f${at}`), { recursive: true });
  for (let at = 0; at < FILES; at++) {
    writeFileSync(join(folder, `f${at % FOLDERS}`, `${at}.txt`), `file ${at}\n`);
  }

  const start = (life: string, killedAfter = "never") => {
    const names = join(home, life);
    const { signal, stdout, stderr } = spawnSync(
      process.execPath,
      [`--max-old-space-size=${HEAP}`, program, folder, log, names, killedAfter],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("");
    const read = readFileSync(names, "utf8").split("\n").slice(0, -1);
    return { signal, told: stdout, read };
  };
  const decoded = (output: EncodedValue): unknown => decodeValue(output)?.value;
  const stored = (): Set<unknown> => {
    const outputs = Object.entries(readEventLog(log).outputs ?? {});
    const items = outputs.filter(([task]) => task.startsWith("hashed["));
    return new Set(items.map(([, output]) => (decoded(output) as Hashed).name));
  };

  const first = start("first", String(Math.floor(FILES / 2)));
  expect(first.signal).toBe("SIGKILL");
  const had = stored();
  // All but those that were being read when it was killed, eight at most.
  expect(first.read.length - had.size).toBeLessThanOrEqual(9);
  expect(had.size).toBeGreaterThan(FILES / 2 - 10);

  const second = start("second", String(Math.floor(FILES / 5)));
  expect(second.signal).toBe("SIGKILL");
  expect(second.read.filter((name) => had.has(name))).toEqual([]);
  const more = stored();
  expect(more.size).toBeGreaterThan(had.size + FILES / 5 - 10);

  const third = start("third");
  expect(third.read.filter((name) => more.has(name))).toEqual([]);
  expect(third.read).toHaveLength(FILES - more.size);
  const told = JSON.parse(third.told) as { files: number; hash: string; read: number };
  expect(told).toMatchObject({ files: FILES, read: FILES - more.size });
  const all = createHash("sha256");
  const hashed = readEventLog(log).outputs?.hashed as EncodedValue;
  for (const { hash } of decoded(hashed) as Hashed[]) all.update(hash);
  expect(told.hash).toBe(all.digest("hex"));
});
