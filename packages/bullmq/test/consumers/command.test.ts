import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openRig } from "./rig.ts";

const COMMAND = fileURLToPath(new URL("../../src/astrum-worker.ts", import.meta.url));
const JOBS = fileURLToPath(new URL("../modules/other-jobs.ts", import.meta.url));
const NODE = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx")];

function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...NODE, COMMAND, ...args], (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

test("wrong usage is told with the help, and code 2", async () => {
  const { code, err } = await command("--threads", "x");
  expect(code).toBe(2);
  expect(err).toContain("--queue is missing");
  expect(err).toContain("--drain-ms");
});

test("--check says what there is, and --status what the queue is like", async () => {
  const rig = await openRig();
  const store = ["--queue", "jobs", "--redis", rig.redis.url];
  const checked = await command(JOBS, "--check", "--threads", "1", "--metrics", "0", ...store);
  expect(checked).toMatchObject({ code: 0, out: expect.stringContaining("Tasks: elsewhere.") });
  const status = await command("--status", ...store);
  expect(JSON.parse(status.out)).toMatchObject({ queue: "jobs", waiting: 0, workers: [] });
  await rig.redis.client.config("SET", "maxmemory", "100mb", "maxmemory-policy", "allkeys-lru");
  const bad = await command(JOBS, "--check", ...store);
  expect(bad).toMatchObject({ code: 1, err: expect.stringContaining("noeviction") });
});

test("a store that cannot be reached is told without its password", async () => {
  const url = "redis://user:secret@127.0.0.1:1";
  const store = ["--queue", "q", "--redis", url];
  const all = await Promise.all(
    [[JOBS, "--check"], ["--status"], [JOBS]].map((args) => command(...args, ...store)),
  );
  for (const { code, err, out } of all) {
    expect(code).toBe(1);
    expect(err).toContain("could not be reached");
    expect(err + out).not.toContain("secret");
  }
});
