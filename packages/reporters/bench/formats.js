/**
 * What every format costs for the frozen report of 10,000 tasks, and what writing an event log adds to a run. Milliseconds
 * belong to the machine; quote the ratios, to `JSON.stringify` of the same report and to bare writes of the same lines,
 * measured in turn. `×10` is the time for a report of ten times as many tasks: 10 means linear. Prints; judges nothing.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { flow, task } from "@astrum/core";
import { compareReports, eventLog, parseReport, readEventLog, reporters } from "@astrum/reporters";

const ROUNDS = 9;
const LARGE_ROUNDS = 3;
const TIMES = 10;

const fixture = new URL("../test/fixtures/1.0/large.json.gz", import.meta.url);
const report = JSON.parse(gunzipSync(readFileSync(fixture)).toString("utf8"));
const larger = repeated(report, TIMES);

console.log(`Node ${process.version}, ${process.platform} ${process.arch}.`);
console.log(
  `${report.totalTasks} tasks, ${report.totalAttempts} attempts; medians of ${ROUNDS} rounds in turn.\n`,
);
line("", "bytes", "ms", "× stringify", `×${TIMES}`);

const json = JSON.stringify(report);
const log = reporters.ndjson.render(report);
const largerJson = JSON.stringify(larger);
const largerLog = reporters.ndjson.render(larger);

/** Each as [name, small, large]. */
const contenders = [
  ["JSON.stringify", () => JSON.stringify(report), () => JSON.stringify(larger)],
  ...Object.values(reporters).map(({ name, render }) => [
    name,
    () => render(report),
    () => render(larger),
  ]),
  ["JSON.parse", () => JSON.parse(json), () => JSON.parse(largerJson)],
  ["parseReport", () => parseReport(json), () => parseReport(largerJson)],
  ["readEventLog", () => readEventLog(log), () => readEventLog(largerLog)],
  ["compareReports", () => compareReports(report, report), () => compareReports(larger, larger)],
];

const small = inTurn(
  contenders.map(([, run]) => run),
  ROUNDS,
);
const large = inTurn(
  contenders.map(([, , run]) => run),
  LARGE_ROUNDS,
);
const [stringify] = small;
contenders.forEach(([name, run], index) => {
  const made = run();
  line(
    name,
    typeof made === "string" ? Buffer.byteLength(made).toLocaleString("en") : "",
    small[index].toFixed(1),
    (small[index] / stringify).toFixed(1),
    (large[index] / small[index]).toFixed(1),
  );
});

await logCost(10_000);

/** A run of tasks that do nothing, with and without a log, and its lines written again with nothing else. */
async function logCost(size) {
  const folder = mkdtempSync(join(tmpdir(), "astrum-bench-"));
  try {
    const plain = [];
    const logged = [];
    const bare = [];
    let lines = [];
    for (let round = 0; round < ROUNDS; round++) {
      plain.push(await timed(() => run(size)));
      const file = join(folder, `${round}.ndjson`);
      const { journal, observer, close } = eventLog(file);
      logged.push(await timed(() => run(size, { journal, observers: [observer] })));
      close();
      lines = readFileSync(file, "utf8")
        .split(/(?<=\n)/)
        .filter((text) => text !== "");
      const fd = openSync(join(folder, "bare"), "a");
      bare.push(
        await timed(() => {
          for (const text of lines) writeSync(fd, text);
        }),
      );
      closeSync(fd);
      rmSync(file);
    }
    const added = median(logged) - median(plain);
    console.log(
      `\nAn event log of ${size} tasks that do nothing, ${lines.length} lines: ${((added * 1000) / lines.length).toFixed(1)} µs a line, ${(added / median(bare)).toFixed(1)} × bare writes of the same lines.`,
    );
    console.log(
      `The run took ${median(plain).toFixed(0)} ms without the log and ${median(logged).toFixed(0)} ms with it: ${((added * 1000) / size).toFixed(0)} µs a task.`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(size, options = {}) {
  const tasks = Array.from({ length: size }, (_, index) => [
    `task${index}`,
    task(`task-${index}`, async () => index),
  ]);
  return flow("bench", Object.fromEntries(tasks)).run(options);
}

/** The run as if its graph had been there several times over, one after the other. */
function repeated(source, times) {
  const tasks = [];
  const originalTasks = {};
  for (let copy = 0; copy < times; copy++) {
    const rename = (name) => `${name}-${copy}`;
    const from = copy * source.totalDurationMs;
    const moved = (at) => (at === null ? null : at + from);
    for (const [name, dependencies] of Object.entries(source.originalTasks)) {
      originalTasks[rename(name)] = dependencies.map(rename);
    }
    for (const one of source.taskStatistics) {
      tasks.push({
        ...one,
        taskName: rename(one.taskName),
        dependencies: one.dependencies.map((edge) => ({ ...edge, task: rename(edge.task) })),
        ...(typeof one.releasedBy !== "string" ? {} : { releasedBy: rename(one.releasedBy) }),
        readyAt: moved(one.readyAt),
        startAt: moved(one.startAt),
        endAt: moved(one.endAt),
        attemptStatistics: one.attemptStatistics.map((attempt) => ({
          ...attempt,
          taskName: rename(attempt.taskName),
          startAt: moved(attempt.startAt),
          endAt: moved(attempt.endAt),
        })),
      });
    }
  }
  return {
    ...source,
    totalTasks: source.totalTasks * times,
    totalAttempts: source.totalAttempts * times,
    totalDurationMs: source.totalDurationMs * times,
    originalTasks,
    taskStatistics: tasks,
  };
}

async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** A B C A B C …, so that a machine that slows down slows them all. */
function inTurn(works, rounds) {
  const times = works.map(() => []);
  for (let round = 0; round < rounds; round++) {
    works.forEach((work, index) => {
      const started = performance.now();
      work();
      times[index].push(performance.now() - started);
    });
  }
  return times.map(median);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function line(name, ...figures) {
  console.log(name.padEnd(16) + figures.map((figure) => figure.padStart(13)).join(""));
}
