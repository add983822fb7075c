/** Tasks that tell what is current around them. */
import { setTimeout as sleep } from "node:timers/promises";
import { storage } from "./activators.js";

let calls = 0;

export async function current() {
  await sleep(1);
  calls++;
  return { calls, store: storage.getStore() };
}

export function fail() {
  throw new Error(`in ${JSON.stringify(storage.getStore())}`);
}
