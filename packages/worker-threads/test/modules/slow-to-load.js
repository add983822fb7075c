/** Takes as long to load as its function takes to run. */
import { setTimeout as sleep } from "node:timers/promises";

await sleep(2_000);

export function run() {
  return sleep(2_000, "done");
}
