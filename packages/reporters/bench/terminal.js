/**
 * What showing a run costs: the share of one CPU that a run of 10,000 tasks, 50 at once and some ten seconds long, takes
 * with nobody observing it, with an observer that does nothing, and with `progress()`. The second minus the first is what
 * the core asks for its events, the third minus the second is the renderer. In turn, least / median / most. Needs a
 * terminal, and draws on it:
 *
 *     script -qec "node bench/terminal.js" /dev/null
 */
import process from "node:process";
import { setTimeout as after } from "node:timers/promises";
import { flow, fromEvents, task } from "@astrum/core";
import { progress } from "@astrum/reporters/terminal";

const ROUNDS = 5;
const TASKS = 10_000;
const CONCURRENCY = 50;

if (!process.stderr.isTTY) {
  console.error('Needs a terminal: script -qec "node bench/terminal.js" /dev/null');
  process.exit(64);
}

const tasks = Object.fromEntries(
  Array.from({ length: TASKS }, (_, n) => [
    `t${n}`,
    task(`task-${n}`, () => after(milliseconds(n))),
  ]),
);
const watched = flow("watched", tasks);

/** Each as [name, its observers]. */
const arms = [
  ["no observer", () => []],
  ["one that does nothing", () => [fromEvents("nothing", () => {})]],
  ["progress()", () => [progress({ mode: "tty" })]],
];

const shares = arms.map(() => []);
await share([]);
for (let round = 0; round < ROUNDS; round++) {
  for (const [arm, [, observers]] of arms.entries()) shares[arm].push(await share(observers()));
}

const [none, nothing, shown] = shares;
console.log(`Node ${process.version}, ${process.platform} ${process.arch}.`);
console.log(`${TASKS} tasks, ${CONCURRENCY} at once, ${ROUNDS} rounds in turn; % of one CPU.\n`);
for (const [arm, [name]] of arms.entries()) line(name, shares[arm]);
line(
  "events",
  nothing.map((value, round) => value - none[round]),
);
line(
  "renderer",
  shown.map((value, round) => value - nothing[round]),
);

/**
 * 1 to 99, 50 on average. Of different lengths, as tasks are: those of one length would end together and wake the process
 * less often the faster they are started, which is not what is measured here.
 */
function milliseconds(n) {
  return 1 + ((n * 7919) % 99);
}

/** Percent of one CPU. */
async function share(observers) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await watched.run({ concurrency: CONCURRENCY, observers });
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return ((user + system) / 1000 / ms) * 100;
}

function line(name, values) {
  const sorted = values.toSorted((a, b) => a - b);
  const told = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
  console.log(`${name.padEnd(24)}${told.map((value) => value.toFixed(2).padStart(8)).join(" /")}`);
}
