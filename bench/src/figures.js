/**
 * What is measured, as a list of figures; which of them a release holds to; and how they are printed. The floors are held
 * as ratios to something that was measured in the same run: times alone are a matter of the machine.
 */

/**
 * @typedef {object} Figure
 * @property {string} row What it is a figure of; rows have goals and floors.
 * @property {string} [of] Which one of the row: a shape, a size.
 * @property {number} value
 * @property {Unit} unit
 *
 * @typedef {"×" | "µs" | "ms" | "B"} Unit
 */

/** @typedef {(library: import("./library.js").Library, brief: boolean) => Promise<readonly Figure[]> } Section */

/** @type {Readonly<Record<string, { readonly goal: number, readonly floor: number }>>} */
const HELD = {
  "typed door, until the report": { goal: 0.9, floor: 1.1 },
  "typed door, every statistic read": { goal: 1.1, floor: 1.3 },
  "documented door, built and run once": { goal: 1, floor: 1.4 },
  "documented door, data references on every task": { goal: 2, floor: 3 },
  "documented door, kept and run again": { goal: 0.6, floor: 0.8 },
  "run of 1 task": { goal: 6, floor: 11 },
  "run of 5 tasks": { goal: 4, floor: 5 },
  "run of 20 tasks": { goal: 3, floor: 3.5 },
  "run of 100 tasks": { goal: 2.2, floor: 2.7 },
  "run of 1 task, limit and signal": { goal: 20, floor: 26 },
  "run of 5 tasks, limit and signal": { goal: 9, floor: 11 },
  "run of 20 tasks, limit and signal": { goal: 5, floor: 6 },
  "run of 100 tasks, limit and signal": { goal: 3.5, floor: 4.3 },
  "map of 10,000 items, against p-map": { goal: 0.7, floor: 1 },
  "10,000 items of three tasks each, against planned beforehand": { goal: 1.3, floor: 1.6 },
  "empty call to a thread, against a bare pool": { goal: 1.5, floor: 2 },
  "observer above bare, run.end only, against by hand": { goal: 0.3, floor: 1 },
  "observer above bare, every hook, all empty, against by hand": { goal: 2, floor: 4 },
  "tracing, sampled out, against the observer with every hook empty": { goal: 2, floor: 4 },
  "tracing, recorded, against the observer with every hook empty": { goal: 5, floor: 9 },
  "metrics of OpenTelemetry, against the observer with every hook empty": { goal: 3, floor: 6 },
  "Prometheus, against the observer with every hook empty": { goal: 3, floor: 6 },
  "journal and event log, against two writes": { goal: 6, floor: 12 },
  "journal and event log, tasks inside of items, against two writes": { goal: 6, floor: 18 },
  "growth to 1,000,000 tasks, against by hand": { goal: 1.2, floor: 1.5 },
  "planning 100,000 tasks, against running by hand": { goal: 0.4, floor: 1 },
  "bytes a task, report read and held": { goal: 200, floor: 300 },
};

/**
 * @param {Figure} figure
 * @returns {{ readonly goal: number, readonly floor: number } | undefined}
 */
export function heldTo({ row, unit }) {
  return unit === "µs" || unit === "ms" ? undefined : HELD[row];
}

/** @param {Figure} figure */
export function isBroken(figure) {
  const held = heldTo(figure);
  // A figure that could not be taken holds nothing.
  return held !== undefined && !(figure.value <= held.floor);
}

/** @param {Figure} figure */
export function nameOfFigure({ row, of }) {
  return of === undefined ? row : `${row}: ${of}`;
}

/** @param {number} value @param {Unit} unit */
export function written(value, unit) {
  const digits = unit === "B" || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

/** @param {Figure} figure */
export function line(figure) {
  const held = heldTo(figure);
  const [goal, floor] = held === undefined ? ["", ""] : [held.goal, held.floor].map(String);
  const mark = isBroken(figure) ? "  BROKEN" : "";
  const cells = [
    nameOfFigure(figure).padEnd(66),
    written(figure.value, figure.unit).padStart(11),
    `${goal}`.padStart(8),
    `${floor}`.padStart(8),
  ];
  return `${cells.join("")}${mark}`.trimEnd();
}

export const HEADING = `${"".padEnd(66)}${"".padStart(11)}${"goal".padStart(8)}${"floor".padStart(8)}`;
