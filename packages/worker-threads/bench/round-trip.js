/**
 * What a trip through the pool costs, against the least that threads can do, and when it pays. Everything runs in one
 * process, in turns, so that what the machine does besides falls on all alike; figures are medians over the rounds, and
 * a ratio is the median of the ratios of each round. `--brief`: empty calls only. Prints; judges nothing.
 */
import { createWorkerPool, workerModule } from "@astrum/worker-threads";
import { barePool } from "./bare-pool.js";
import { spin } from "./tasks.js";

/** @typedef {() => Promise<unknown>} Trip */

const ROUNDS = 15;
const brief = process.argv.includes("--brief");
const work =
  /** @type {import("@astrum/worker-threads").WorkerModule<typeof import("./tasks.js")>} */ (
    workerModule(new URL("./tasks.js", import.meta.url))
  );
const bare = barePool(2);
const pool = createWorkerPool({ threads: 2, minThreads: 2 });
const single = createWorkerPool({ threads: 1, minThreads: 1 });

const echo = pool.task(work.echo);
const move = pool.task(work.handBack, { transfer: (bytes) => [bytes.buffer] });
const kibibyte = new Uint8Array(1024);
const mebibyte = new Uint8Array(1024 * 1024);
const shared = new Uint8Array(new SharedArrayBuffer(1024 * 1024));

/** @type {[name: string, trips: number, atOnce: number, bare: Trip, pool: Trip][]} */
const all = [
  ["nothing, one at a time", 2_000, 1, () => bare.run(1), () => echo(1)],
  ["nothing, two at a time", 4_000, 2, () => bare.run(1), () => echo(1)],
  ["nothing, 64 at a time", 4_000, 64, () => bare.run(1), () => echo(1)],
  ["1 KiB copied both ways", 2_000, 2, () => bare.run(kibibyte), () => echo(kibibyte)],
  ["1 MiB copied both ways", 200, 2, () => bare.run(mebibyte), () => echo(mebibyte)],
  [
    "1 MiB moved both ways",
    300,
    2,
    () => bare.run(new Uint8Array(1024 * 1024), true),
    () => move(new Uint8Array(1024 * 1024)),
  ],
  ["1 MiB shared", 2_000, 2, () => bare.run(shared), () => echo(shared)],
];

const trips = brief ? all.filter(([name]) => name.startsWith("nothing")) : all;
for (const [, count, atOnce, ours, theirs] of trips)
  for (const trip of [ours, theirs]) await timed(count, atOnce, trip);

console.log("microseconds a trip          bare pool   @astrum/worker-threads   ratio");
for (const [name, count, atOnce, bareTrip, poolTrip] of trips) {
  /** @type {{ bare: number; pool: number }[]} */
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0;
    const first = await timed(count, atOnce, order ? bareTrip : poolTrip);
    const second = await timed(count, atOnce, order ? poolTrip : bareTrip);
    rounds.push(order ? { bare: first, pool: second } : { bare: second, pool: first });
  }
  const columns = [
    name.padEnd(26),
    median(rounds.map((round) => round.bare))
      .toFixed(1)
      .padStart(11),
    median(rounds.map((round) => round.pool))
      .toFixed(1)
      .padStart(25),
    `${median(rounds.map((round) => round.pool / round.bare)).toFixed(2)}x`.padStart(8),
  ];
  console.log(columns.join(""));
}

if (!brief) await whetherItPays();

await Promise.all([bare.close(), pool.close(), single.close()]);

/** How much work a task needs for two threads to be faster than none. */
async function whetherItPays() {
  const one = single.task(work.fibonacci);
  const two = pool.task(work.fibonacci);
  /** @type {number[]} */
  const speedUps = [];
  for (let round = 0; round < 7; round++) {
    const alone = await timed(8, 8, () => one(30));
    speedUps.push(alone / (await timed(8, 8, () => two(30))));
  }
  console.log(`\ntwo threads against one, 8 times fibonacci(30): ${median(speedUps).toFixed(2)}x`);

  console.log("\nwork a task   here, one after the other   on two threads   faster by");
  const busy = pool.task(work.spin);
  let breakEven = 0;
  for (const microseconds of [5, 10, 20, 30, 50, 75, 100, 200, 500, 1_000, 5_000]) {
    const count = Math.max(20, Math.min(1_000, Math.round(100_000 / microseconds)));
    /** @type {number[]} */
    const gains = [];
    /** @type {number[]} */
    const heres = [];
    for (let round = 0; round < 7; round++) {
      const here = await timed(count, 1, async () => spin(microseconds));
      heres.push(here);
      gains.push(here / (await timed(count, 8, () => busy(microseconds))));
    }
    const gain = median(gains);
    if (gain < 1) breakEven = microseconds;
    const columns = [
      `${microseconds} us`.padStart(11),
      `${median(heres).toFixed(1)} us`.padStart(28),
      `${(median(heres) / gain).toFixed(1)} us`.padStart(17),
      `${gain.toFixed(2)}x`.padStart(12),
    ];
    console.log(columns.join(""));
  }
  console.log(`\ntwo threads pay from somewhat above ${breakEven} microseconds of work a task`);
}

/**
 * @param {number} count
 * @param {number} atOnce
 * @param {Trip} trip
 * @returns {Promise<number>} microseconds a trip
 */
async function timed(count, atOnce, trip) {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await trip();
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: atOnce }, lane));
  return ((performance.now() - start) * 1000) / count;
}

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
