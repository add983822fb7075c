/** The shapes of graphs that are measured: for each task the indices of its dependencies, all of them smaller. */

/** @typedef {readonly (readonly number[])[]} Shape */

/** Each task depends on the one before. */
/** @param {number} size @returns {Shape} */
function chain(size) {
  return Array.from({ length: size }, (_, task) => (task === 0 ? [] : [task - 1]));
}

/** One task, many that depend on it, one that depends on them all. */
/** @param {number} size @returns {Shape} */
function fan(size) {
  const last = size - 1;
  const middle = Array.from({ length: size - 2 }, (_, at) => at + 1);
  return Array.from({ length: size }, (_, task) => (task === 0 ? [] : task < last ? [0] : middle));
}

/** Layers of the same width; each task depends on up to three of the layer before, spread evenly. */
/** @param {number} size @returns {Shape} */
export function layered(size) {
  const width = Math.round(Math.sqrt(size));
  return Array.from({ length: size }, (_, task) => {
    const layer = Math.floor(task / width);
    if (layer === 0) return [];
    const spread = [0, 1, 2].map((nth) => (layer - 1) * width + ((task * 7 + nth * 31) % width));
    return [...new Set(spread)];
  });
}

/** A square; each task depends on its neighbours to the left and above. */
/** @param {number} size @returns {Shape} */
export function grid(size) {
  const width = Math.round(Math.sqrt(size));
  return Array.from({ length: size }, (_, task) => {
    const dependencies = [];
    if (task % width > 0) dependencies.push(task - 1);
    if (task >= width) dependencies.push(task - width);
    return dependencies;
  });
}

/** @type {Readonly<Record<string, (size: number) => Shape>>} */
export const shapes = { chain, "fan-out/in": fan, layered, grid };
