/** Programs of the system, for the suites that need them: found or asked for, on the loopback only, and always stopped. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Outcome {
  readonly code: number | null;
  readonly text: string;
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], input = ""): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: "utf8" });
  if (error !== undefined) throw missing(program, error);
  return { code: status, text: `${stdout}${stderr}` };
}

function missing(program: string, cause: unknown): Error {
  return new Error(`${program} cannot be started: install what .ci/system-packages lists`, {
    cause,
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

export interface Service {
  readonly url: string;
  readonly folder: string;
  stop(): Promise<void>;
}

/** Starts a program that serves HTTP in a folder of its own, and waits until `ready` answers. */
export async function start(
  program: string,
  args: (port: number, folder: string) => readonly string[],
  ready: string,
): Promise<Service> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), `astrum-${program}-`));
  const child = spawn(program, args(port, folder), { stdio: ["ignore", "pipe", "pipe"] });
  let told = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      told += chunk;
    });
  }
  const failed = once(child, "error").then(([error]) => {
    throw missing(program, error);
  });
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([failed, until(() => answers(child, `${url}${ready}`, () => told))]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, folder, stop };
}

async function answers(child: ChildProcess, url: string, told: () => string): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`The program ended: ${told()}`);
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), 5000);
  await exited;
  clearTimeout(hard);
}

/** Waits for something outside of this process. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  within = 240_000,
): Promise<void> {
  const deadline = Date.now() + within;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`It did not come about in ${within} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
