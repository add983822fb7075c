/** The process that gets killed. Arguments: event log, calls file, the number of the call at which it asks to be killed. */
import { eventLog } from "../src/index.ts";
import { killableFlow } from "./killable-flow.ts";

const [logFile = "", callsFile = "", killAt = ""] = process.argv.slice(2);
const log = eventLog(logFile);
const onCall = (count: number): void => {
  if (count === Number(killAt)) process.send?.("now");
};
await killableFlow(callsFile, onCall).run({
  concurrency: 4,
  journal: log.journal,
  observers: [log.observer],
});
// Stays until it is killed, so that every kill hits a living process.
setInterval(() => {}, 1000);
