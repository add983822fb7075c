/** A real `redis-server` on a free port, with what a test does to it: kill, pause, start again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** A connection of the test's own. */
  readonly client: Redis;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

export async function startRedis(...options: string[]): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "astrum-redis-"));
  const args = ["--port", String(port), "--dir", folder, "--save", "", "--bind", "127.0.0.1"];
  let server: ChildProcess | undefined;
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null });
  client.on("error", () => {});
  const start = async (): Promise<void> => {
    server = spawn("redis-server", [...args, ...options], { stdio: "ignore" });
    await Promise.race([client.ping(), notStarted(server)]);
  };
  const kill = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    url,
    port,
    client,
    start,
    kill,
    pause: () => void server?.kill("SIGSTOP"),
    resume: () => void server?.kill("SIGCONT"),
    close: async () => {
      client.disconnect();
      server?.kill("SIGCONT");
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function notStarted(server: ChildProcess): Promise<never> {
  const [cause] = (await once(server, "error")) as [Error];
  throw new Error("These tests need redis-server: .ci/system-packages", { cause });
}

/** The primaries of a Redis Cluster, each with its share of the slots. */
export async function startCluster(count: number): Promise<readonly RedisServer[]> {
  const nodes: RedisServer[] = [];
  for (let n = 0; n < count; n++)
    nodes.push(
      await startRedis("--cluster-enabled", "yes", "--cluster-port", String(await freePort())),
    );
  const [first] = nodes as [RedisServer];
  const bus = async ({ client }: RedisServer): Promise<string> =>
    ((await client.config("GET", "cluster-port")) as string[])[1] as string;
  const share = Math.ceil(16_384 / count);
  for (const [n, node] of nodes.entries()) {
    const last = Math.min((n + 1) * share, 16_384) - 1;
    await node.client.call("CLUSTER", "ADDSLOTSRANGE", n * share, last);
    if (node !== first)
      await first.client.call("CLUSTER", "MEET", "127.0.0.1", node.port, await bus(node));
  }
  for (const node of nodes)
    while (!/cluster_state:ok/.test(String(await node.client.call("CLUSTER", "INFO"))))
      await new Promise((resolve) => setTimeout(resolve, 50));
  return nodes;
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
