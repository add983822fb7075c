/**
 * A process whose files may not grow for a moment, by the limit that the system sets. Arguments: event log, the number of
 * the observer's write that is cut, and after how many bytes.
 */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { flow, type Observer, task } from "@astrum/core";
import { eventLog } from "../src/index.ts";

const [path = "", cutAt = "", room = ""] = process.argv.slice(2);

function limit(bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(process.pid), `--fsize=${bytes}:unlimited`]);
}

const log = eventLog(path);
const first = task("first", () => "one");
const second = task("second", { first }, ({ first }) => `${first} and two`);
let writes = 0;
/** Before the log is told of the start of the run or of an attempt, which it writes at once. */
function before(): void {
  if (writes++ === Number(cutAt)) limit(statSync(path).size + Number(room));
}
function after(): void {
  limit("unlimited");
}
/** Calls back at the start of the run and of each attempt. */
function atStarts(name: string, call: () => void): Observer {
  const attempt = (): void => call();
  return {
    name,
    run: () => {
      call();
      return { task: () => ({ attempt }) };
    },
  };
}
const report = await flow("f", { second }).run({
  observers: [atStarts("before", before), log.observer, atStarts("after", after)],
  journal: log.journal,
});
log.close();
console.log(
  JSON.stringify({ state: report.executionState, faults: report.observerErrors?.length ?? 0 }),
);
