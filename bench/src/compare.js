/**
 * Two checkouts side by side: `pnpm compare BEFORE AFTER`, roots whose packages are built. Their benchmarks run in turn,
 * each in a process of its own, three times (`--times 3`); prints a table in Markdown with every run's figures. All
 * other options go on to the benchmark.
 */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { heldTo, isBroken, nameOfFigure, written } from "./figures.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: "string", default: "3" },
    only: { type: "string" },
    brief: { type: "boolean", default: false },
  },
});
const times = Number(values.times);
const [before, after] = positionals;
if (before === undefined || after === undefined || !Number.isSafeInteger(times) || times < 1) {
  console.error("Expected the roots of two checkouts, and --times to be an integer from 1 up");
  process.exit(64);
}

const bench = fileURLToPath(new URL("./main.js", import.meta.url));
const passed = [
  ...(values.only === undefined ? [] : ["--only", values.only]),
  ...(values.brief ? ["--brief"] : []),
];

/**
 * @param {string} checkout
 * @returns {Promise<readonly import("./figures.js").Figure[]>}
 */
async function measured(checkout) {
  const options = ["--json", "--checkout", resolve(checkout), ...passed];
  const flags = ["--expose-gc", ...process.execArgv, bench, ...options];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout);
}

/** @typedef {{ figure: import("./figures.js").Figure, before: string[], after: string[], broken: number }} Row */
/** @type {Map<string, Row>} */
const rows = new Map();
for (let time = 0; time < times; time++) {
  for (const [side, checkout] of /** @type {const} */ ([
    ["before", before],
    ["after", after],
  ])) {
    for (const figure of await measured(checkout)) {
      const name = nameOfFigure(figure);
      const row = rows.get(name) ?? { figure, before: [], after: [], broken: 0 };
      rows.set(name, row);
      row[side].push(written(figure.value, figure.unit).replace(/ .*/, ""));
      if (side === "after" && isBroken(figure)) row.broken++;
    }
  }
}

console.log("| figure | before | after | goal | floor |\n|---|---|---|---|---|");
for (const [name, { figure, before, after, broken }] of rows) {
  const held = heldTo(figure);
  const mark = broken > 0 ? `, missed ${broken} of ${times}` : "";
  const cells = [
    `${name}, ${figure.unit}`,
    before.join(" · "),
    after.join(" · "),
    held?.goal ?? "",
    held === undefined ? "" : `${held.floor}${mark}`,
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
