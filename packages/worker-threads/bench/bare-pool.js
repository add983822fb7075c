/** What everything is measured against: threads, a list of the idle ones and a queue. No fault is survived. */
import { Worker } from "node:worker_threads";

/** @param {number} threads */
export function barePool(threads) {
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL("./bare-thread.js", import.meta.url)),
  );
  const idle = [...workers];
  /** @type {((worker: Worker) => void)[]} */
  const queue = [];
  /** @type {Map<number, (value: unknown) => void>} */
  const waiting = new Map();
  let last = 0;
  for (const worker of workers)
    worker.on("message", ({ id, value }) => {
      const resolve = waiting.get(id);
      waiting.delete(id);
      const next = queue.shift();
      if (next === undefined) idle.push(worker);
      else next(worker);
      resolve?.(value);
    });
  return {
    /**
     * @param {unknown} value
     * @param {boolean} [transfer]
     * @returns {Promise<unknown>}
     */
    run: (value, transfer = false) =>
      new Promise((resolve) => {
        const start = (/** @type {Worker} */ worker) => {
          const id = ++last;
          waiting.set(id, resolve);
          const list = transfer ? [/** @type {Uint8Array<ArrayBuffer>} */ (value).buffer] : [];
          worker.postMessage({ id, value, transfer }, list);
        };
        const worker = idle.pop();
        if (worker === undefined) queue.push(start);
        else start(worker);
      }),
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}
