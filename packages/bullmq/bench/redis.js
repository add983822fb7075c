/** A `redis-server` of a measurement's own, on a free port. Knows nothing of what is measured. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { Redis } from "ioredis";

export async function startRedis() {
  const port = await freePort();
  const server = spawn("redis-server", ["--port", String(port), "--save", ""], { stdio: "ignore" });
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { maxRetriesPerRequest: null });
  client.on("error", () => {});
  await client.ping();
  return {
    url,
    client,
    /** The numbers of a section of `INFO`, by their names. */
    async info(section) {
      const text = await client.info(section);
      return Object.fromEntries(
        [...text.matchAll(/^(\w+):([\d.]+)\r?$/gm)].map(([, name, value]) => [name, Number(value)]),
      );
    },
    close() {
      client.disconnect();
      server.kill();
    },
  };
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
