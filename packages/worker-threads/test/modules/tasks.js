/** Task functions for the tests, as a user would write them: an ordinary module. */
import { setTimeout as sleep } from "node:timers/promises";
import { threadId } from "node:worker_threads";

/** @import { WorkerContext } from "@astrum/worker-threads" */

export const notAFunction = 42;

/** @param {number} value */
export function double(value) {
  return value * 2;
}

/** @param {unknown} value */
export async function echo(value) {
  return value;
}

export function thread() {
  return threadId;
}
