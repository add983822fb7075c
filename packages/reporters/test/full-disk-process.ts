/**
 * A process whose files may not grow for a moment, by the limit that the system sets. Arguments: event log, and the number of
 * the line of the observer that is cut.
 */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { flow, task } from "@astrum/core";
import { eventLog } from "../src/index.ts";

const [path = "", cutAt = ""] = process.argv.slice(2);

function limit(bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(process.pid), `--fsize=${bytes}:unlimited`]);
}

const log = eventLog(path);
const first = task("first", () => "one");
const second = task("second", { first }, ({ first }) => `${first} and two`);
let lines = 0;
const report = await flow("f", { second }).run({
  observers: [
    {
      name: "before",
      run: () => ({
        status: () => {
          if (lines++ === Number(cutAt)) limit(statSync(path).size + 10);
        },
      }),
    },
    log.observer,
    { name: "after", run: () => ({ status: () => limit("unlimited") }) },
  ],
  journal: log.journal,
});
log.close();
console.log(
  JSON.stringify({ state: report.executionState, faults: report.observerErrors?.length ?? 0 }),
);
