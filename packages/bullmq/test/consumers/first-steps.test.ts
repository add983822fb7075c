/** The package as a user gets it: packed, installed into an empty folder by the commands of the README, used from there. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DockerfileParser } from "dockerfile-ast";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type RedisServer, startRedis } from "./redis.ts";
import { until } from "./rig.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const home = join(root, "packages/bullmq");
const readme = readFileSync(join(home, "README.md"), "utf8");
const commands = readme.split("```sh\n")[1]?.split("```")[0]?.trim().split("\n") ?? [];
const folder = mkdtempSync(join(tmpdir(), "astrum-first-steps-"));
let redis: RedisServer;

function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_OPTIONS: "",
    REDIS_URL: redis.url,
    npm_config_prefer_offline: "true",
  };
}

function shell(command: string): string {
  return execFileSync("sh", ["-c", command], { cwd: folder, encoding: "utf8", env: environment() });
}

/** Starts it as an interactive shell starts a job: with a process group of its own. */
function start(command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, {
    cwd: folder,
    env: environment(),
    stdio: "ignore",
    detached: true,
  });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null)
      process.kill(-Number(child.pid), "SIGKILL");
  });
  return child;
}

async function workers(count: number): Promise<void> {
  await until(async () => (await redis.client.zcard("astrum:{renders}:workers")) === count);
}

beforeAll(async () => {
  redis = await startRedis();
  for (const name of ["core", "bullmq"])
    execFileSync("npx", ["--yes", "pnpm@10.34.9", "pack", "--pack-destination", folder], {
      cwd: join(root, "packages", name),
      stdio: ["ignore", "ignore", "inherit"],
    });
  for (const [, name, code] of readme.matchAll(/```[jt]s\n\/\/ (\S+)\n(.*?)```/gs))
    writeFileSync(join(folder, String(name)), String(code));
});

afterAll(async () => {
  await redis.close();
  rmSync(folder, { recursive: true });
});

test("three commands lead from nothing to two workers, which run the program of the README", async () => {
  expect(commands).toHaveLength(3);
  const packed = (name: string): string =>
    `./${readdirSync(folder).find((file) => file.startsWith(`astrum-${name}-`))}`;
  const [install = "", ...others] = commands;
  shell(
    install
      .replace("@astrum/core @astrum/bullmq", `${packed("core")} ${packed("bullmq")}`)
      // The store that this test has started is in its place.
      .replace("docker run -d -p 6379:6379 redis:7", "true"),
  );
  const started = others.map((command) => start("sh", "-c", command.replace(/ &$/, "")));
  await workers(2);
  expect(runMain().trim()).toBe("3");
  for (const worker of started) {
    const gone = once(worker, "exit");
    process.kill(-Number(worker.pid), "SIGTERM");
    await gone;
  }
  // The shell does not wait for its workers; they say that they heard it.
  await until(async () => {
    const infos = await redis.client.hvals("astrum:{renders}:worker-info");
    return infos.every((json) => (JSON.parse(json) as { draining: boolean }).draining);
  });
});

/** As the README says: Node itself where it runs TypeScript, else tsx. */
function runMain(): string {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const runsTypeScript = major > 22 || (major === 22 && minor >= 18);
  const loader = runsTypeScript ? "" : `--import ${import.meta.resolve("tsx")}`;
  return shell(`node ${loader} main.mts`);
}

test("what the Dockerfile installs and starts is a worker that ends in good order", async () => {
  const parsed = DockerfileParser.parse(readFileSync(join(home, "deploy/Dockerfile"), "utf8"));
  const textsOf = (keyword: string): string[] =>
    parsed
      .getInstructions()
      .filter((instruction) => instruction.getKeyword() === keyword)
      .map((instruction) => instruction.getRawArgumentsContent() ?? "");
  shell("npm pkg set type=module && npm install prom-client && cp jobs.mjs jobs.js");
  for (const step of textsOf("RUN")) shell(step);
  const [command = "", ...args] = [...textsOf("ENTRYPOINT"), ...textsOf("CMD")].flatMap(
    (list) => JSON.parse(list) as string[],
  );
  await redis.client.flushall();
  const worker = start(command, ...args.map((arg) => (arg === "9464" ? "0" : arg)));
  await workers(1);
  expect(runMain().trim()).toBe("3");
  const gone = once(worker, "exit");
  worker.kill("SIGTERM");
  expect(await gone).toEqual([0, null]);
});
