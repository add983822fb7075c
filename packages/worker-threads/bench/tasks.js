/** The work of the benchmark, for the pool's threads and for the bare ones. */

/** @param {unknown} value */
export function echo(value) {
  return value;
}

/**
 * @param {Uint8Array} bytes
 * @param {import("@astrum/worker-threads").WorkerContext} context
 */
export function handBack(bytes, context) {
  return context.transfer(bytes, [bytes.buffer]);
}

/** @param {number} microseconds keeps its thread busy for so long */
export function spin(microseconds) {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
  return microseconds;
}

/**
 * @param {number} n
 * @returns {number}
 */
export function fibonacci(n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}
