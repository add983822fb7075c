import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const folder = fileURLToPath(new URL("../../", import.meta.url));

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

test("two workers give the same result as none, with the packages as they are built", async () => {
  const alone = await run(process.execPath, ["main.js"], { cwd: folder });
  const port = await freePort();
  const store = spawn("redis-server", ["--port", String(port), "--save", ""], { stdio: "ignore" });
  const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${port}` };
  const command = [
    "node_modules/@astrum/bullmq/dist/astrum-worker.js",
    "./jobs.js",
    "--queue",
    "words",
  ];
  const workers = [0, 1].map(() =>
    spawn(process.execPath, command, { cwd: folder, env, stdio: "ignore" }),
  );
  const spread = await run(process.execPath, ["main.js"], { cwd: folder, env });
  for (const child of [...workers, store]) {
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
  }
  expect(spread.stdout).toBe(alone.stdout);
  expect(alone.stdout).toBe("average: 4.000\n");
});
