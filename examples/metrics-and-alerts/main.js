/**
 * A service that reads two files every minute, and tells on /metrics how that went. Prometheus asks there, and the alerts
 * that come with the package say which of them nobody can rely on any more.
 *
 *     node main.js inbox & prometheus --config.file=prometheus.yml
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { flow, task } from "@astrum/core";
import { prometheusObserver } from "@astrum/prometheus";
import client from "prom-client";

const [inbox = "inbox"] = process.argv.slice(2);
const { PORT = "9464", EVERY_MS = "60000" } = process.env;
const everyMs = Number(EVERY_MS);
const stop = new AbortController();
const metrics = prometheusObserver({ client });

/** @param {string} name */
function importOf(name) {
  const path = join(inbox, `${name}.csv`);
  const text = task("text", (_, { signal }) => readFile(path, { encoding: "utf8", signal }));
  const total = task("total", { text }, ({ text }) => {
    const cents = text.trim().split("\n").map(Number);
    const wrong = cents.findIndex(Number.isNaN);
    if (wrong !== -1) throw new Error(`line ${wrong + 1} is no number`);
    return cents.reduce((sum, one) => sum + one, 0);
  });
  return flow(name, { total });
}

/** @param {import("@astrum/core").Flow<{ total: number }>} job */
async function repeat(job) {
  const { signal } = stop;
  while (!signal.aborted) {
    const report = await job.run({ observers: [metrics], signal, timeoutMs: everyMs });
    // A run that failed, or took too long, is told and counted; the next one is made all the same.
    for (const line of report.errorSummary) console.error(`${job.name}: ${line}`);
    await pause(everyMs, undefined, { signal }).catch(() => {});
  }
}

const server = createServer(async (_, response) => {
  try {
    const text = await client.register.metrics();
    response.setHeader("content-type", client.register.contentType).end(text);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(Number(PORT), () => console.log(`http://localhost:${PORT}/metrics`));
process.once("SIGTERM", () => {
  stop.abort();
  server.close();
  server.closeAllConnections();
});
await Promise.all([repeat(importOf("orders")), repeat(importOf("prices"))]);
