import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openRig, until } from "./rig.ts";

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

test("the example of the README runs, with two workers, and the workers end in good order", async () => {
  const rig = await openRig();
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const place = fileURLToPath(new URL("../../test-results/", import.meta.url));
  mkdirSync(place, { recursive: true });
  const folder = mkdtempSync(join(place, "readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [, name, code] of readme.matchAll(/```[jt]s\n\/\/ (\S+)\n(.*?)```/gs))
    writeFileSync(join(folder, String(name)), String(code));
  const env = { ...process.env, REDIS_URL: rig.redis.url };
  const workers = [0, 1].map(() =>
    spawn(process.execPath, [...NODE, COMMAND, join(folder, "jobs.js"), "--queue", "renders"], {
      env,
      stdio: "ignore",
    }),
  );
  await until(
    async () => (await rig.redis.client.zcard("astrum:{renders}:workers")) === workers.length,
  );
  const printed = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [...NODE, join(folder, "main.ts")], { env }, (error, out) =>
      error === null ? resolve(out) : reject(error),
    );
  });
  expect(printed.trim()).toBe("3");
  for (const worker of workers) {
    const gone = once(worker, "exit");
    worker.kill("SIGTERM");
    expect(await gone).toEqual([0, null]);
  }
});
