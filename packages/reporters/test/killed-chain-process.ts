/**
 * One life of a run that is killed and taken up again. Arguments: event log, calls file, the parameter, what the log is told
 * by, when it asks to be killed (at the n-th of `start`, `read`, `entry` or `call`), and which life it is. One that is not killed tells what
 * it gave.
 */
import { eventLog, readEventLog } from "../src/index.ts";
import { chainFlow, people, peopleOf, scale } from "./killed-chain-flow.ts";

const [
  logFile = "",
  callsFile = "",
  factor = "",
  watched = "",
  moment = "",
  count = "0",
  turn = "0",
] = process.argv.slice(2);
const met: Record<string, number> = {};

function meet(what: string): void {
  met[what] = (met[what] ?? 0) + 1;
  if (what === moment && met[what] === Number(count)) process.send?.("now");
}

meet("start");
const log = eventLog(logFile);
const before = readEventLog(logFile);
meet("read");
const report = await chainFlow(callsFile, () => meet("call")).run({
  concurrency: 4,
  params: [scale.of(Number(factor)), people.of(peopleOf(Number(turn)))],
  resumeFrom: before,
  journal: (entry) => {
    log.journal(entry);
    meet("entry");
  },
  ...(watched === "both" ? { observers: [log.observer] } : {}),
});
log.close();
process.send?.({ state: report.executionState, end: report.outputs.end });
// Stays until it is killed, so that every kill hits a living process.
setInterval(() => {}, 1000);
