/**
 * What the engine is compared with, written by hand: a graph of promises, as a careful person writes it; and the hand-tuned
 * loop that counts dependencies down, without a clock, a check or a report, as the limit. Knows no engine.
 */

/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {() => Promise<unknown>} Run */

/** What every measured task does: nothing. */
export const work = async () => {};

/** @param {number} task */
export const nameOf = (task) => `t${task}`;

/** Each task is a promise that waits for those of its dependencies. */
/** @type {(shape: Shape) => Run} */
export const promiseAll = (shape) => async () => {
  /** @type {Promise<unknown>[]} */
  const tasks = [];
  for (const dependencies of shape) {
    tasks.push(Promise.all(dependencies.map((dependency) => tasks[dependency])).then(work));
  }
  await Promise.all(tasks);
};

/** The limit of the typed door: dependencies and readers are integers, and made beforehand. */
/** @type {(shape: Shape) => Run} */
export const countedDown = (shape) => {
  const { start, end } = readersOf(shape);
  const counts = Int32Array.from(shape, ({ length }) => length);
  return () => countDown(counts.slice(), start, end);
};

/** The limit of the documented door: the same from names and orders, through one `Map`. */
/** @type {(shape: Shape) => Run} */
export const countedDownByName = (shape) => {
  const orders = shape.map((dependencies, task) => ({
    name: nameOf(task),
    dependencies: dependencies.map(nameOf),
  }));
  return () => {
    const index = new Map(orders.map(({ name }, at) => [name, at]));
    const counts = new Int32Array(orders.length);
    const integers = orders.map(({ dependencies }, task) => {
      counts[task] = dependencies.length;
      return dependencies.map((name) => /** @type {number} */ (index.get(name)));
    });
    const { start, end } = readersOf(integers);
    return countDown(counts, start, end);
  };
};

/**
 * The readers of each task, in compressed rows.
 *
 * @param {Shape} shape
 */
function readersOf(shape) {
  const start = new Int32Array(shape.length + 1);
  for (const dependencies of shape) for (const from of dependencies) bump(start, from + 1);
  for (let task = 0; task < shape.length; task++) bump(start, task + 1, start[task]);
  const free = start.slice();
  const end = new Int32Array(/** @type {number} */ (start[shape.length]));
  shape.forEach((dependencies, task) => {
    for (const from of dependencies) {
      end[/** @type {number} */ (free[from])] = task;
      bump(free, from);
    }
  });
  return { start, end };
}

/**
 * @param {Int32Array} counts
 * @param {number} at
 * @param {number} [by]
 */
function bump(counts, at, by = 1) {
  counts[at] = /** @type {number} */ (counts[at]) + by;
}

/**
 * @param {Int32Array} counts
 * @param {Int32Array} start
 * @param {Int32Array} end
 * @returns {Promise<void>}
 */
function countDown(counts, start, end) {
  let left = counts.length;
  return new Promise((resolve) => {
    const run = (/** @type {number} */ task) => {
      void work().then(() => {
        const last = /** @type {number} */ (start[task + 1]);
        for (let at = /** @type {number} */ (start[task]); at < last; at++) {
          const reader = /** @type {number} */ (end[at]);
          bump(counts, reader, -1);
          if (counts[reader] === 0) run(reader);
        }
        if (--left === 0) resolve();
      });
    };
    if (left === 0) resolve();
    counts.forEach((count, task) => {
      if (count === 0) run(task);
    });
  });
}
