/**
 * What showing a run costs: 10,000 tasks, 50 at once, some ten seconds long. The share of one CPU that the process takes
 * with nobody observing and with `progress()`, which is both the renderer and what the core asks for its events; and the
 * share that the renderer itself takes, measured around each of its functions, what the measuring takes being taken off.
 * All of it is time of the processor, and does not depend on who else uses the machine. In turn, least / median / most.
 * Needs a terminal, and draws on it:
 *
 *     script -qec "node bench/terminal.js" /dev/null
 */
import process from "node:process";
import { setTimeout as after } from "node:timers/promises";
import { flow, task } from "@astrum/core";
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
/** Has every function that `progress()` has, all empty. */
const nothing = {
  name: "nothing",
  run: () => ({
    status() {},
    task: () => ({ attempt: () => ({ progress() {}, end() {} }), end() {} }),
    end() {},
  }),
};
const alone = [];
const observed = [];
const events = [];
const drawings = [];

await measured([]);
for (let round = 0; round < ROUNDS; round++) {
  alone.push((await measured([])).cpu);
  observed.push((await measured([progress({ mode: "tty" })])).cpu);
  const measuring = await spentIn(nothing);
  const renderer = await spentIn(progress({ mode: "tty" }));
  events.push(renderer.events - measuring.events);
  drawings.push(renderer.drawings);
}

console.log(`Node ${process.version}, ${process.platform} ${process.arch}.`);
console.log(`${TASKS} tasks, ${CONCURRENCY} at once, ${ROUNDS} rounds; % of one CPU.\n`);
line("process, unobserved", alone);
line("process, progress()", observed);
line("progress(): events", events);
line("progress(): drawings", drawings);
line(
  "progress(): both",
  events.map((value, round) => value + drawings[round]),
);

/** 1 to 99, 50 on average, since tasks of one length would end together. */
function milliseconds(n) {
  return 1 + ((n * 7919) % 99);
}

async function measured(observers) {
  const before = processorMs();
  const start = performance.now();
  await watched.run({ concurrency: CONCURRENCY, observers });
  const ms = performance.now() - start;
  return { ms, cpu: ((processorMs() - before) / ms) * 100 };
}

/** Of all threads of the process. */
function processorMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Percent of one CPU, in the functions of an observer and in the timers it sets. */
async function spentIn(observer) {
  const spent = { events: 0, drawings: 0 };
  const stopTiming = timeTimers(spent);
  const { ms } = await measured([timed(observer, spent)]);
  stopTiming();
  return { events: (spent.events / ms) * 100, drawings: (spent.drawings / ms) * 100 };
}

/** An observer, or a scope that it opened, whose every function adds to what its events have taken. */
function timed(scope, spent) {
  if (typeof scope !== "object" || scope === null) return scope;
  const parts = Object.entries(scope).map(([name, part]) => {
    if (typeof part !== "function") return [name, part];
    const told = (...event) => {
      const start = processorMs();
      const opened = part(...event);
      spent.events += processorMs() - start;
      return timed(opened, spent);
    };
    return [name, told];
  });
  return Object.fromEntries(parts);
}

/** The renderer draws in timers of its own; those of the tasks are none of these. */
function timeTimers(spent) {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (fire, ms) =>
    setTimeout(() => {
      const start = processorMs();
      fire();
      spent.drawings += processorMs() - start;
    }, ms);
  return () => {
    globalThis.setTimeout = setTimeout;
  };
}

function line(name, values) {
  const sorted = values.toSorted((a, b) => a - b);
  const told = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
  console.log(`${name.padEnd(24)}${told.map((value) => value.toFixed(2).padStart(8)).join(" /")}`);
}
