/** The process that gets killed. Arguments: event log, calls file. */
import { eventLog } from "../src/index.ts";
import { killableFlow } from "./killable-flow.ts";

const [logFile = "", callsFile = ""] = process.argv.slice(2);
const log = eventLog(logFile);
process.send?.("running");
await killableFlow(callsFile).run({
  concurrency: 4,
  journal: log.journal,
  observers: [log.observer],
});
process.send?.("done");
// Stays until it is killed, so that every kill hits a living process.
setInterval(() => {}, 1000);
