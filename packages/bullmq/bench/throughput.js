/**
 * Throughput of the fleet against bare BullMQ, in one run on one store: jobs that do nothing, one scheduler and one worker
 * process, 1, 8 and 64 at once. Needs `redis-server`. Read the ratios; the figures are of this machine. With `--check` it
 * fails where a ratio is below two thirds.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { connectFleet, remote, serveWorker } from "@astrum/bullmq";
import { Queue, QueueEvents, Worker } from "bullmq";
import { Redis } from "ioredis";
import { startRedis } from "./redis.js";

const SLOTS = 64;
/** What the fleet has to reach of bare BullMQ's throughput. */
const LEAST = 2 / 3;

if (process.send !== undefined) await serve(process.argv[2], process.argv[3]);
else await measure();

export function nothing(n) {
  return n;
}

/** The worker's process. */
async function serve(kind, url) {
  if (kind === "fleet")
    await serveWorker({
      queue: "bench",
      connection: { url },
      tasks: { nothing },
      concurrency: SLOTS,
    });
  else {
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    const worker = new Worker("bare", async (job) => job.data, { connection, concurrency: SLOTS });
    await worker.waitUntilReady();
  }
  process.send("ready");
}

async function measure() {
  const store = await startRedis();
  const { url } = store;
  const workers = await Promise.all(
    ["fleet", "bare"].map(async (kind) => {
      const child = fork(new URL(import.meta.url), [kind, url]);
      await once(child, "message");
      return child;
    }),
  );
  const fleet = await connectFleet({ queue: "bench", connection: { url } });
  const task = fleet.task(remote().nothing);
  const bare = await bareCaller(url);
  console.log("at once | bare jobs/s | fleet jobs/s | fleet / bare (median of 7 pairs)");
  const ratios = [];
  for (const atOnce of [1, 8, 64]) {
    const count = atOnce === 1 ? 400 : atOnce === 8 ? 2_000 : 6_000;
    const pairs = [];
    for (let round = 0; round < 8; round++) {
      const pair = [await rate(bare.call, count, atOnce), await rate(task, count, atOnce)];
      if (round > 0) pairs.push(pair);
    }
    const [bareRate, fleetRate] = [median(pairs.map(([b]) => b)), median(pairs.map(([, f]) => f))];
    const ratio = median(pairs.map(([b, f]) => f / b));
    ratios.push(ratio);
    console.log(
      `${atOnce} | ${Math.round(bareRate)} | ${Math.round(fleetRate)} | ${ratio.toFixed(2)}`,
    );
  }
  await fleet.close();
  await bare.close();
  for (const child of workers) child.kill();
  await Promise.all(workers.map((child) => child.exitCode ?? once(child, "exit")));
  store.close();
  if (!process.argv.includes("--check")) return;
  const low = ratios.filter((ratio) => ratio < LEAST).length;
  console.log(low === 0 ? "All ratios are at least 2/3." : `${low} of 3 ratios are below 2/3.`);
  process.exitCode = low === 0 ? 0 : 1;
}

/** What one would write by hand: add, and wait for the event. */
async function bareCaller(url) {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue("bare", { connection });
  const listening = connection.duplicate();
  const events = new QueueEvents("bare", { connection: listening });
  await events.waitUntilReady();
  const waiting = new Map();
  events.on("completed", ({ jobId, returnvalue }) => {
    waiting.get(jobId)?.(returnvalue);
    waiting.delete(jobId);
  });
  let count = 0;
  return {
    call: (n) =>
      new Promise((resolve, reject) => {
        const jobId = `job-${count++}`;
        waiting.set(jobId, resolve);
        queue.add("nothing", n, { jobId, removeOnComplete: { count: 1_000 } }).catch(reject);
      }),
    close: async () => {
      await events.close();
      await queue.close();
      connection.disconnect();
      listening.disconnect();
    },
  };
}

async function rate(call, count, atOnce) {
  const began = performance.now();
  let next = 0;
  const line = async () => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, line));
  return count / ((performance.now() - began) / 1_000);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
