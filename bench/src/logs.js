/** A run that leaves a log: its journal, its event log, both, against bare writes of as many bytes to a file; and going on after it. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inTurn, median } from "./measure.js";

const ITEMS = 1_000;
const STORED = 20_000;

/** @type {import("./figures.js").Section} */
export async function logs({ core, reporters }, brief) {
  const folder = mkdtempSync(join(tmpdir(), "astrum-bench-"));
  try {
    return [
      ...(await written(core, reporters, folder, brief ? 5 : 9)),
      ...(await takenUp(core, brief ? 5 : 11)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {typeof import("@astrum/core")} core
 * @param {number} count
 */
function mapOf({ task, map, flow }, count) {
  const items = Array.from({ length: count }, (_, at) => at);
  const list = task("list", () => items);
  return flow("items", { doubled: map("doubled", list, async (item) => item * 2) });
}

/**
 * Each item becomes a flow of two tasks, the first of which the item is made of: three results an item, as many as `count`.
 *
 * @param {typeof import("@astrum/core")} core
 * @param {number} count
 */
function flowsOf({ task, map, flow }, count) {
  const items = Array.from({ length: Math.floor(count / 3) }, (_, at) => at);
  const list = task("list", () => items);
  const inner = map("inner", list, (item) => {
    const load = task("load", async () => item);
    return flow("inner", { doubled: task("doubled", { load }, async ({ load }) => load * 2) });
  });
  return flow("flows", { inner });
}

/**
 * @param {typeof import("@astrum/core")} core
 * @param {typeof import("@astrum/reporters")} reporters
 * @param {string} folder
 * @param {number} rounds
 * @returns {Promise<import("./figures.js").Figure[]>}
 */
async function written(core, { eventLog }, folder, rounds) {
  const items = mapOf(core, ITEMS);
  const nested = flowsOf(core, ITEMS);
  let files = 0;
  const path = () => join(folder, `${files++}.ndjson`);
  const line = Buffer.alloc(850, "x");
  /**
   * @param {(log: import("@astrum/reporters").EventLog) => import("@astrum/core").RunOptions} options
   * @param {{ run: typeof items.run } | { run: typeof nested.run }} flow
   */
  const logged =
    (options, flow = items) =>
    async () => {
      const log = eventLog(path());
      await flow.run(options(log));
      log.close();
    };
  /** @type {(log: import("@astrum/reporters").EventLog) => import("@astrum/core").RunOptions} */
  const wholly = ({ journal, observer }) => ({ journal, observers: [observer] });
  const { times } = await inTurn(
    {
      "two bare writes of 850 bytes": async () => {
        const file = openSync(path(), "a");
        for (let write = 0; write < 2 * ITEMS; write++) writeSync(file, line);
        closeSync(file);
      },
      bare: () => items.run(),
      "journal that stores nothing": () => items.run({ journal: () => {} }),
      "journal to a file": logged(({ journal }) => ({ journal })),
      "event log to a file": logged(({ observer }) => ({ observers: [observer] })),
      "journal and event log to a file": logged(wholly),
      "bare, flows inside": () => nested.run(),
      "journal and event log to a file, flows inside": logged(wholly, nested),
    },
    rounds,
    5,
  );
  const each = (/** @type {number} */ ms) => (ms * 1000) / ITEMS;
  const above = (/** @type {readonly number[]} */ own, bare = times("bare")) =>
    own.map((time, round) => time - /** @type {number} */ (bare[round]));
  const writes = times("two bare writes of 850 bytes");
  const both = above(times("journal and event log to a file"));
  const inside = above(
    times("journal and event log to a file, flows inside"),
    times("bare, flows inside"),
  );
  const against = (/** @type {readonly number[]} */ own) =>
    median(own.map((time, round) => time / /** @type {number} */ (writes[round])));
  return [
    { row: "two bare writes of 850 bytes", value: each(median(writes)), unit: "µs" },
    ...[
      "journal that stores nothing",
      "journal to a file",
      "event log to a file",
      "journal and event log to a file",
    ].map((of) => ({
      row: "log, an item above bare",
      of,
      value: each(median(above(times(of)))),
      unit: /** @type {const} */ ("µs"),
    })),
    {
      row: "journal and event log, against two writes",
      value: against(both),
      unit: "×",
    },
    {
      row: "journal and event log, tasks inside of items, against two writes",
      value: against(inside),
      unit: "×",
    },
  ];
}

/**
 * @param {typeof import("@astrum/core")} core
 * @param {number} rounds
 * @returns {Promise<import("./figures.js").Figure[]>}
 */
async function takenUp(core, rounds) {
  const items = mapOf(core, STORED);
  const left = (await items.run()).toJSON({ outputs: true });
  const text = JSON.stringify(left);
  const taken = await inTurn(
    {
      parse: async () => JSON.parse(text),
      resumed: () => items.run({ resumeFrom: left }),
    },
    rounds,
  );
  const row = `resuming ${STORED.toLocaleString("en")} items`;
  return [
    { row, value: taken.resumed.ms, unit: "ms" },
    { row: `${row}, against parsing their report`, value: taken.resumed.ratio, unit: "×" },
  ];
}
