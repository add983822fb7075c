/**
 * What a thousand workers cost the store: real workers with all their connections, in a few processes, on a real
 * `redis-server`, with jobs that do nothing and jobs that only wait. All figures are what Redis says of itself: seconds of
 * its main thread, commands, bytes. So they say what one core of Redis carries even where the machine does other things;
 * the jobs a second that this machine reached do not.
 *
 *     node bench/thousand-workers.js [--workers 1000] [--jobs 20000]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connectFleet, remote, serveWorker } from "@astrum/bullmq";
import { startRedis } from "./redis.js";

const QUEUE = "bench";
const PROCESSES = 4;
const WATCH_MS = 15_000;
const MILLION = 1_000_000;

if (process.send !== undefined) await serve(process.argv[2], Number(process.argv[3]));
else await measure();

export function nothing(n) {
  return n;
}

export async function waits(ms) {
  await sleep(ms);
}

/** One of the workers' processes. */
async function serve(url, count) {
  const connection = { url };
  for (let n = 0; n < count; n++)
    await serveWorker({ queue: QUEUE, connection, tasks: { nothing, waits } });
  process.send("ready");
}

async function measure() {
  const { values } = parseArgs({
    options: {
      workers: { type: "string", default: "1000" },
      jobs: { type: "string", default: "20000" },
    },
  });
  const [count, jobs] = [Number(values.workers), Number(values.jobs)];
  const store = await startRedis();
  const alone = await store.info("memory");
  const children = await Promise.all(
    Array.from({ length: PROCESSES }, async (_, n) => {
      const share = Math.floor(count / PROCESSES) + (n < count % PROCESSES ? 1 : 0);
      const child = fork(new URL(import.meta.url), [store.url, String(share)]);
      await once(child, "message");
      return child;
    }),
  );
  const fleet = await connectFleet({ queue: QUEUE, connection: { url: store.url } });
  const [, version] = /^redis_version:(\S+)/m.exec(await store.client.info("server")) ?? [];
  console.log(
    `${new Date().toISOString().slice(0, 10)}, Redis ${version}, Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model.trim()})`,
  );
  const { connected_clients: clients } = await store.info("clients");
  const { used_memory: withWorkers } = await store.info("memory");
  console.log(`${count} workers: ${clients} connections, ${mib(withWorkers - alone.used_memory)}`);

  const idle = await watched(store, () => sleep(WATCH_MS));
  console.log(`idle: ${perSecond(idle)}`);

  const wait = fleet.task(remote().waits);
  const held = await watched(store, () =>
    Promise.all(Array.from({ length: count }, () => wait(WATCH_MS))),
  );
  console.log(`${count} attempts that wait for ${WATCH_MS / 1_000} s: ${perSecond(held)}`);

  const call = fleet.task(remote().nothing);
  await together(call, 1_000, count);
  const { used_memory: before } = await store.info("memory");
  const busy = await watched(store, () => together(call, jobs, count));
  const { used_memory: after } = await store.info("memory");
  const perCore = jobs / busy.cpuSeconds;
  const bytes = (after - before) / jobs;
  console.log(
    `${jobs} jobs that do nothing, ${count} at once: ${(busy.commands / jobs).toFixed(1)} commands a job, ` +
      `${((busy.cpuSeconds / jobs) * 1e6).toFixed(0)} µs of Redis a job: ${Math.round(perCore)} jobs/s a core ` +
      `(${Math.round(jobs / busy.seconds)} jobs/s reached here)`,
  );
  console.log(`kept: ${Math.round(bytes)} bytes a job; its hash alone ${await hashBytes(store)}`);
  console.log(
    `1,000,000 such tasks, by these figures: ${Math.round(MILLION / perCore)} s of one core of Redis, ${mib(bytes * MILLION)} while results are kept`,
  );
  await fleet.close();
  for (const child of children) child.kill();
  await Promise.all(children.map((child) => child.exitCode ?? once(child, "exit")));
  store.close();
}

/** What Redis did while `work` ran. */
async function watched(store, work) {
  const began = performance.now();
  const [cpu, stats] = [await store.info("cpu"), await store.info("stats")];
  await work();
  const [cpuAfter, statsAfter] = [await store.info("cpu"), await store.info("stats")];
  return {
    seconds: (performance.now() - began) / 1_000,
    cpuSeconds: mainThread(cpuAfter) - mainThread(cpu),
    commands: statsAfter.total_commands_processed - stats.total_commands_processed,
  };
}

function mainThread(cpu) {
  return cpu.used_cpu_sys_main_thread + cpu.used_cpu_user_main_thread;
}

function perSecond({ seconds, cpuSeconds, commands }) {
  const share = ((cpuSeconds / seconds) * 100).toFixed(1);
  return `${Math.round(commands / seconds)} commands/s, ${share} % of a core of Redis`;
}

async function together(call, jobs, atOnce) {
  let next = 0;
  const line = async () => {
    while (next < jobs) await call(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, jobs) }, line));
}

/** The median of what the hashes of some ended jobs take. */
async function hashBytes({ client }) {
  const base = `astrum:{${QUEUE}}:`;
  const ids = await client.zrange(`${base}completed`, -101, -1);
  const sizes = await Promise.all(ids.map((id) => client.memory("USAGE", base + id)));
  return sizes.toSorted((a, b) => a - b)[sizes.length >> 1];
}

function mib(bytes) {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
