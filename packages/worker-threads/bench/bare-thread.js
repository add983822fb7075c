/** The least a thread can do: one message in, one out. */
import { parentPort } from "node:worker_threads";

parentPort?.on("message", ({ id, value, transfer }) => {
  parentPort?.postMessage({ id, value }, transfer ? [value.buffer] : []);
});
